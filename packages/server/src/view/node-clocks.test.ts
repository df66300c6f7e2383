import { expect, it } from 'vitest';
import { Dirty } from './dirty.js';
import { NodeClocks } from './node-clocks.js';

const heard = (node: string, whole = false): Dirty => Object.assign(new Dirty(), { whole, heard: new Set([node]) });
const beats = (at: number | null) => ({ heartbeats: new Map([['n', { revision: 1, periodMs: 5_000, at }]]) });

it('tells how far the clock of a node is ahead, by its last heartbeat, and of no node that has gone', () => {
  const clocks = new NodeClocks();
  expect(clocks.aheadMs('n')).toBeNull();
  clocks.take(beats(1_000), heard('n', true), 90_000);
  expect(clocks.aheadMs('n')).toBeNull();
  clocks.take(beats(7_000), heard('n'), 1_000);
  expect(clocks.aheadMs('n')).toBe(6_000);
  clocks.take(beats(900), heard('n'), 1_000);
  expect(clocks.aheadMs('n')).toBe(-100);
  clocks.take(beats(null), heard('n'), 9_000);
  expect(clocks.aheadMs('n')).toBe(-100);
  clocks.take(beats(900), Object.assign(new Dirty(), { agents: new Map([['n', false]]) }), 1_000);
  expect(clocks.aheadMs('n')).toBeNull();
});
