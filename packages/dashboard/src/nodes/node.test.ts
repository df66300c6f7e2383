import { expect, it } from 'vitest';
import { bufferText, type CloudNode, limitText, nodesShown } from './node.js';

const node = (name: string, more: Partial<CloudNode> = {}): CloudNode => ({
  ...{ node: name, agent: 'there', problems: [] },
  ...more,
});

it('nodes with which something is wrong come first, each group by name, and words filter', () => {
  const all = [
    node('b'),
    node('d', { problems: [{ about: 'mtu', problem: 'too small' }] }),
    node('a', { vpp_version: '26.06' }),
    node('c', { agent: 'silent' }),
  ];
  const names = (text: string) => nodesShown(all, text).map((each) => each.node);
  expect(names('')).toEqual(['c', 'd', 'a', 'b']);
  expect(names('TOO mtu')).toEqual(['d']);
  expect(names('26.06')).toEqual(['a']);
  expect(names('nothing')).toEqual([]);
});

it('a limit that is not there is none, and what is not told is not said to be none', () => {
  expect(limitText({})).toBe('no limit');
  expect(limitText(undefined)).toBe('not told');
  expect(limitText({ max_kbps: 1_500, max_pps: 20_000 })).toBe('1.50 Mbit/s, 20.0 k packets/s');
  expect(bufferText(null)).toBe('not told');
  expect(bufferText({ all: 16_384, peak_tenths: 2 })).toBe('16.4 k, at most 20 % in use');
});
