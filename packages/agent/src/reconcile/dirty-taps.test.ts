import { silentLogger, systemClock } from '@taas/service';
import { createSnapshot, Wanted } from '@taas/wiring';
import { beforeEach, expect, it } from 'vitest';
import { Contained } from '../contained.js';
import { clean, type Dirty, type Probe } from '../probes/probe.js';
import { ProbeSchedule } from '../probes/probe-schedule.js';
import type { Probes } from '../probes/probes.js';
import type { VppSession } from '../vpp/vpp-session.js';
import { addTap, noTaps, type TapIds } from '../wanted/tap-ids.js';
import { DirtyTaps } from './dirty-taps.js';
import { RetrySchedule } from './retry-schedule.js';

const flows = (...ids: string[]): TapIds => ({ ...noTaps(), flows: new Set(ids) });
const finds = (...ids: string[]): Dirty => ({ taps: flows(...ids), everything: false });
// Safe: nobody asks it for more than what happened.
const session = { watch: { catchUp: async () => new Set<string>() }, reader: {} } as unknown as VppSession;

let found: Record<keyof Probes, Dirty>;
let ran: string[];
let probes: Probes;
let schedule: ProbeSchedule;
let retries: RetrySchedule;
let dirty: DirtyTaps;

beforeEach(() => {
  ran = [];
  found = {
    resync: clean,
    drift: clean,
    dataPlane: clean,
    budget: clean,
    counters: clean,
    ports: clean,
    uplinks: clean,
  };
  const probe = (name: keyof Probes): Probe => ({
    ...{ name, interval: () => 1000, share: 1, enabled: () => true },
    run: async () => {
      ran.push(name);
      return found[name];
    },
  });
  probes = {
    ...{ resync: probe('resync'), drift: probe('drift'), dataPlane: probe('dataPlane'), ports: probe('ports') },
    budget: { ...probe('budget'), decides: true },
    uplinks: { ...probe('uplinks'), enabled: () => false },
    counters: probe('counters'),
  };
  const contained = new Contained({ logger: silentLogger, counters: { failures: 0 } });
  const clock = { ...systemClock, monotonic: () => 0 };
  schedule = new ProbeSchedule(Object.values(probes), clock, contained);
  retries = new RetrySchedule({ firstMs: 1, maxMs: 1 }, () => 0);
  const uplinks = { look: async () => undefined };
  const wanted = { wanted: new Wanted() };
  dirty = new DirtyTaps({
    ...{ wanted, retries, probes, schedule, uplinks, contained, clock },
    snapshot: createSnapshot(),
  });
});

it('are those of changed records, of each probe that is due, and of retries; only decisions of ours count as asked for', async () => {
  found = { ...found, drift: finds('drift'), dataPlane: finds('copies'), budget: finds('load'), ports: finds('port') };
  retries.failed('tap_flows/retry', -10);
  const { taps, asked } = await dirty.gather(session, flows('changed'));
  expect([...taps.flows].sort()).toEqual(['changed', 'copies', 'drift', 'load', 'port', 'retry']);
  expect([...asked.flows].sort()).toEqual(['changed', 'load']);
  expect(ran).toEqual(['drift', 'dataPlane', 'budget', 'counters', 'ports']);
  // None is due again.
  expect([...(await dirty.gather(session, noTaps())).taps.flows]).toEqual(['retry']);
  expect(ran).toHaveLength(5);
});

it('leave what a probe cannot tell to a resync, which is due at once then', async () => {
  schedule.seen(probes.resync);
  expect(schedule.isDue(probes.resync, 0)).toBe(false);
  found = { ...found, dataPlane: { ...finds('still'), everything: true } };
  expect([...(await dirty.gather(session, noTaps())).taps.flows]).toEqual(['still']);
  expect(schedule.isDue(probes.resync, 0)).toBe(true);
  expect(ran).not.toContain('resync');
});

it('have the interfaces read for a port that nobody knows yet, due or not', async () => {
  schedule.seen(probes.ports);
  const wanted = new Wanted();
  const record = { v: 1, id: 's', project_id: 'p', port_id: 'unknown', inputs: [] } as const;
  wanted.setService({ record: { ...record, inputs: [] }, revision: 1 });
  const contained = new Contained({ logger: silentLogger, counters: { failures: 0 } });
  const clock = { ...systemClock, monotonic: () => 0 };
  const uplinks = { look: async () => undefined };
  const options = {
    wanted: { wanted },
    retries,
    probes,
    schedule,
    uplinks,
    contained,
    clock,
    snapshot: createSnapshot(),
  };
  const asked = noTaps();
  addTap(asked, 'tap_services/s');
  await new DirtyTaps(options).gather(session, asked);
  expect(ran).toContain('ports');
});
