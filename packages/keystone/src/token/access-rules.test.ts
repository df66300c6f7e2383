import { expect, test } from 'vitest';
import { tokenBody } from '../fake-keystone.suite.js';
import { accessRulesAllow } from './access-rules.js';
import { parseTokenInfo } from './token-info.js';

const info = (rules: object[] | undefined) =>
  parseTokenInfo(
    JSON.stringify({ token: tokenBody({ application_credential: { id: 'c', name: 'n', access_rules: rules } }) }),
  );
const allows = (pattern: string, path: string): boolean =>
  accessRulesAllow(info([{ service: 'network', method: 'GET', path: pattern }]), {
    service: 'network',
    method: 'GET',
    path,
  });

test.each([
  ['/v2.0/taas/tap_flows', '/v2.0/taas/tap_flows', true],
  ['/v2.0/taas/tap_flows', '/v2.0/taas/tap_flows/1', false],
  ['/v2.0/taas/*', '/v2.0/taas/tap_flows', true],
  ['/v2.0/taas/*', '/v2.0/taas/tap_flows/1', false],
  ['/v2.0/taas/*', '/v2.0/taas/', false],
  ['/v2.0/**', '/v2.0/taas/tap_flows/1', true],
  ['/v2.0/**', '/v2.0/', true],
  ['/v2.0/taas/tap_flows/{id}', '/v2.0/taas/tap_flows/1', true],
  ['/v2.0/taas/{kind}/{id}', '/v2.0/taas/tap_flows/1', true],
  ['/v2.0', '/v200', false],
])('%s for %s: %s', (pattern, path, expected) => {
  expect(allows(pattern, path)).toBe(expected);
});

test('method and service count; without rules all is allowed, with an empty list nothing', () => {
  const reader = info([{ service: 'network', method: 'GET', path: '/**' }]);
  expect(accessRulesAllow(reader, { service: 'network', method: 'POST', path: '/x' })).toBe(false);
  expect(accessRulesAllow(reader, { service: 'compute', method: 'GET', path: '/x' })).toBe(false);
  expect(accessRulesAllow(info(undefined), { service: 'network', method: 'POST', path: '/x' })).toBe(true);
  expect(accessRulesAllow(info([]), { service: 'network', method: 'GET', path: '/x' })).toBe(false);
});

test('a pattern made to hang a regular expression does not hang us', () => {
  const before = performance.now();
  expect(allows(`/${'**a'.repeat(40)}b`, `/${'a'.repeat(2000)}`)).toBe(false);
  expect(performance.now() - before).toBeLessThan(2000);
});
