import { silentLogger, systemClock } from '@taas/service';
import { beforeEach, expect, it } from 'vitest';
import { VppDisconnectedError } from 'vpp-api';
import { Contained } from '../contained.js';
import type { VppSession } from '../vpp/vpp-session.js';
import { clean, type Probe } from './probe.js';
import { ProbeSchedule } from './probe-schedule.js';

// Safe: none of these probes asks it for anything.
const session = {} as VppSession;
let now = 0;
let enabled: boolean;
let fails: Error | null;
let counters: { failures: number };
/** Every 100 ms, at most a tenth of the time; a run takes 4 ms. */
let often: Probe;
/** Every 1,000 ms, at most half of the time; a run takes 800 ms. */
let seldom: Probe;
let schedule: ProbeSchedule;

function probe(name: string, interval: number, share: number, cost: number): Probe {
  const run = async () => {
    now += cost;
    if (fails) throw fails;
    return clean;
  };
  return { name, interval: () => interval, share, enabled: () => true, run };
}

beforeEach(() => {
  [now, enabled, fails, counters] = [0, true, null, { failures: 0 }];
  often = { ...probe('often', 100, 0.1, 4), enabled: () => enabled };
  seldom = probe('seldom', 1000, 0.5, 800);
  const contained = new Contained({ logger: silentLogger, counters });
  schedule = new ProbeSchedule([often, seldom], { ...systemClock, monotonic: () => now }, contained);
});

it('has what was never run due at once, and each again an interval after the end of its last run', async () => {
  expect([often, seldom].map((each) => schedule.isDue(each, now))).toEqual([true, true]);
  expect(schedule.untilNext(now)).toBe(0);
  await schedule.run(often, session);
  schedule.seen(seldom);
  expect(now).toBe(4);
  expect(schedule.isDue(often, 103)).toBe(false);
  expect(schedule.isDue(often, 104)).toBe(true);
  expect(schedule.untilNext(54)).toBe(50);
});

it('lets none take more than its share of time', async () => {
  await schedule.run(seldom, session);
  expect(now).toBe(800);
  // Half of the time: 800 ms are followed by 1,600, though the interval is 1,000.
  expect(schedule.isDue(seldom, 2399)).toBe(false);
  expect(schedule.isDue(seldom, 2400)).toBe(true);
});

let longest: number | null;

it('lets one on which somebody counts take more than its share, and so keeps it from being late', async () => {
  longest = 1_200;
  const counted: Probe = { ...seldom, longestMs: () => longest };
  schedule = new ProbeSchedule(
    [counted],
    { ...systemClock, monotonic: () => now },
    new Contained({ logger: silentLogger, counters }),
  );
  await schedule.run(counted, session);
  expect(schedule.untilNext(now)).toBe(1_200);
  longest = null;
  expect(schedule.untilNext(now)).toBe(1_600);
});

it('asks for the interval each time, since it may change', async () => {
  let interval = 100;
  const changing: Probe = { ...often, interval: () => interval };
  schedule = new ProbeSchedule(
    [changing],
    { ...systemClock, monotonic: () => now },
    new Contained({ logger: silentLogger, counters }),
  );
  await schedule.run(changing, session);
  interval = 50;
  expect(schedule.untilNext(now)).toBe(50);
});

it('waits for none that has nothing to poll for', async () => {
  await schedule.run(seldom, session);
  enabled = false;
  expect(schedule.isDue(often, now)).toBe(false);
  expect(schedule.untilNext(now)).toBe(1600);
});

it('has one that is hastened due at once, whatever it cost', async () => {
  await schedule.run(seldom, session);
  schedule.hasten(seldom);
  expect(schedule.isDue(seldom, now)).toBe(true);
  await schedule.run(seldom, session);
  expect(schedule.isDue(seldom, now)).toBe(false);
});

it('goes on with what a probe has to say when it fails, and counts it', async () => {
  fails = new Error('an odd answer');
  const otherwise = () => ({ ...clean, everything: true });
  expect(await schedule.run({ ...often, otherwise }, session)).toEqual({ ...clean, everything: true });
  expect(counters.failures).toBe(1);
});

it('lets one fail the pass that it cannot do without, and has it due as before', async () => {
  fails = new Error('an odd answer');
  await expect(schedule.run(often, session)).rejects.toThrow('an odd answer');
  expect(schedule.isDue(often, now)).toBe(true);
});

it('lets the loss of VPP end the pass whatever the probe has to say', async () => {
  fails = new VppDisconnectedError('gone');
  await expect(schedule.run({ ...often, otherwise: () => clean }, session)).rejects.toThrow('gone');
});
