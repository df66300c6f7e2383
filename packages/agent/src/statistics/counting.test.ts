import { silentLogger, systemClock } from '@taas/service';
import { createSnapshot, Wanted } from '@taas/wiring';
import { expect, it } from 'vitest';
import { Contained } from '../contained.js';
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
    source: new CounterSource({ snapshot, procDirectory: '/nowhere', clock, logger }),
    contained: new Contained({ logger, counters: { failures: 0 } }),
  });
  counting.accumulator.gap('tap_flows', id, 'not_active', 5, null, 10);
  const gaps = [{ cause: 'not_active', milliseconds: 5 } as const];
  await counting.settle([['tap_flows', { v: 1, id, since: 10, at: 10, stages: [], gaps, final: true }]]);
  expect(saved).toEqual([0]);
});
