import { silentLogger, systemClock } from '@taas/service';
import { createSnapshot } from '@taas/wiring';
import { describe, expect, it } from 'vitest';
import { Contained } from '../contained.js';
import type { VppSession } from '../vpp/vpp-session.js';
import { ProbeSchedule } from './probe-schedule.js';
import { createProbes, type ProbesOptions } from './probes.js';

/** Milliseconds from the end of a reading of 2 s to the next, by how it is read. */
async function pauseOf(method: 'segment' | 'command_line', isAsked: boolean): Promise<number> {
  let now = 0;
  const contained = new Contained({ logger: silentLogger, counters: { failures: 0 } });
  const count = async () => {
    now += 2_000;
  };
  // Safe: nothing else is asked of any of them until another probe is run.
  const options = {
    ...{ intervals: { statistics_ms: 2_000 }, counting: { count }, source: { method }, wanted: { isAsked } },
    ...{ snapshot: createSnapshot(), contained },
  } as unknown as ProbesOptions;
  const { counters } = createProbes(options);
  const schedule = new ProbeSchedule([counters], { ...systemClock, monotonic: () => now }, contained);
  await schedule.run(counters, {} as VppSession);
  return schedule.untilNext(now);
}

describe('readings that take long', () => {
  it('are a twentieth of the time where VPP stops for them, whoever asks', async () => {
    expect(await pauseOf('command_line', true)).toBe(40_000);
    expect(await pauseOf('segment', false)).toBe(40_000);
  });

  it('are 4 s apart at most where the statistics segment is read and figures are asked for', async () => {
    expect(await pauseOf('segment', true)).toBe(4_000);
  });
});
