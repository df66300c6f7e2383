import { silentLogger, systemClock } from '@taas/service';
import { createSnapshot, Wanted } from '@taas/wiring';
import { expect, it } from 'vitest';
import { Contained } from '../contained.js';
import type { VppSession } from '../vpp/vpp-session.js';
import { CounterSource } from './counter-source.js';
import { Counting } from './counting.js';
import type { StateFile } from './state-file.js';

const id = '00000000-0000-4000-8000-000000000000';

it('has on disk what last figures have told, when it says that they are settled', async () => {
  const saved: number[] = [];
  // Safe: nothing else of it is called.
  const file = {
    load: async () => null,
    save: async ({ taps }) => {
      saved.push(taps.get(`tap_flows/${id}`)?.gaps.size ?? -1);
    },
  } as Pick<StateFile, 'load' | 'save'> as StateFile;
  const [clock, logger, snapshot] = [{ ...systemClock, now: () => 20 }, silentLogger, createSnapshot()];
  const counting = new Counting({
    ...{ file, clock, logger, snapshot, wanted: { wanted: new Wanted(), complete: true } },
    source: new CounterSource({ ...{ snapshot, clock, logger }, procDirectory: '/nowhere', statsSocket: '' }),
    contained: new Contained({ logger, counters: { failures: 0 } }),
  });
  counting.accumulator.gap('tap_flows', id, 'not_active', 5, null, 10);
  const gaps = [{ cause: 'not_active', milliseconds: 5 } as const];
  await counting.settle([['tap_flows', { v: 1, id, since: 10, at: 10, stages: [], gaps, final: true }]]);
  expect(saved).toEqual([0]);
});

it('counts at every plan where that is cheap, and else no more than a twentieth of the time', async () => {
  const time = { now: 0, aRead: 10, reads: 0 };
  const [clock, logger, snapshot] = [{ ...systemClock, monotonic: () => time.now }, silentLogger, createSnapshot()];
  const read = async () => {
    time.reads += 1;
    time.now += time.aRead;
    return { boot: null, counted: () => undefined, policed: () => undefined };
  };
  const counting = new Counting({
    ...{ clock, logger, snapshot, wanted: { wanted: new Wanted(), complete: true } },
    // Safe: nothing else of either is called.
    source: { read } as Pick<CounterSource, 'read'> as CounterSource,
    contained: new Contained({ logger, counters: { failures: 0 } }),
  });
  const session = { vpp: { ping: async () => undefined } } as unknown as VppSession;
  const plan = async () => {
    await counting.countAtPlan(session);
    return time.reads;
  };
  expect([await plan(), await plan()]).toEqual([1, 2]);
  time.aRead = 200;
  // One that took long says nothing yet.
  expect([await plan(), await plan(), await plan()]).toEqual([3, 4, 4]);
  time.now += 3_999;
  expect(await plan()).toBe(4);
  time.now += 1;
  expect(await plan()).toBe(5);
});
