import { expect, it } from 'vitest';
import { ip6Prefixes } from './ip6-prefixes.js';

it.each(['20.09-release', '25.02-rc1', 'v22.06', 'of my own', '', '25.6', '2506.01'])(
  '%s matches whole bytes',
  (version) => {
    expect(ip6Prefixes(version)).toBe('whole bytes');
  },
);

it.each(['25.06-release', '26.06-sim', 'v26.10-rc0~12-gabc'])('%s matches any length', (version) => {
  expect(ip6Prefixes(version)).toBe('any length');
});
