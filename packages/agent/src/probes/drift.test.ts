import { Wanted } from '@taas/wiring';
import { expect, it } from 'vitest';
import type { VppSession } from '../vpp/vpp-session.js';
import { noTaps } from '../wanted/tap-ids.js';
import { driftProbe } from './drift.js';

// Safe: the sights are this test's own and ask it for nothing.
const session = { reader: {} } as VppSession;

it('leaves what a failed run would have seen to a resync, but not again and again', async () => {
  let untagged = false;
  const sights = { pollsAPass: 4, changes: async () => ({ taps: noTaps(), untagged }) };
  const probe = driftProbe(500, sights, { wanted: new Wanted() }, { look: async () => undefined });
  expect(probe.interval()).toBe(125);
  const failed = () => probe.otherwise?.().everything;
  expect([failed(), failed(), failed()]).toEqual([true, false, false]);
  expect((await probe.run(session, 0)).everything).toBe(false);
  expect([failed(), failed()]).toEqual([true, false]);
  untagged = true;
  expect((await probe.run(session, 0)).everything).toBe(true);
});
