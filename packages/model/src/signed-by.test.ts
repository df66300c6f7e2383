import { expect, it } from 'vitest';
import { keys } from './keys.js';
import { isBeating } from './signed-by.js';

it('names each key that stands under a lease of its writer, who alone may write it anew', () => {
  const leased = [keys.leader, keys.leaderHeartbeat, keys.agent('n1'), keys.heartbeat('n1'), keys.server('s/1')];
  expect(leased.filter((key) => !isBeating(key))).toEqual([]);
  expect(isBeating(keys.nodeResource('n1', 'tap_flows', '00000000-0000-4000-8000-000000000001'))).toBe(false);
});
