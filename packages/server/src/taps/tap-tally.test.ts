import { type Clock, silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Contained } from '../errors/contained.js';
import { Slices } from '../slices/slices.js';
import { Placements } from '../status/placements.js';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';
import { TapTally } from './tap-tally.js';

let cloud: TestCloud;
let server: Replica;

beforeEach(async () => {
  cloud = new TestCloud();
  for (let n = 1; n <= 3; n++) await cloud.bind('node1', portId(n), acme);
  await cloud.agent('node1');
  server = await cloud.replica();
  await cloud.lead(server);
});
afterEach(() => cloud.stop());

it('counts taps by kind and status, when somebody asks and no oftener than in a twentieth of the time', async () => {
  const alice = server.as(acme);
  const service = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1) } });
  const { id } = service.body.tap_service;
  for (const source of [portId(2), portId(3), portId(4)])
    await alice('POST', '/v2.0/taas/tap_flows', {
      tap_flow: { tap_service_id: id, source_port: source, direction: 'IN', expires_at: '2126-11-30T10:00:00Z' },
    });
  await cloud.converge(['node1']);
  let now = 0;
  let time = Date.parse('2026-11-30T08:00:00Z');
  const clock: Clock = { ...systemClock, monotonic: () => now };
  const { view } = server.live;
  const placements = new Placements(view, server.policy);
  server.live.subscribe((dirty) => placements.forget(dirty));
  let laps = 0;
  const slices = new Slices({
    clock,
    nextLap: (run) => {
      laps += 1;
      // A count that takes a second.
      now += 1_000;
      setImmediate(run);
    },
  });
  const tally = new TapTally({
    ...{ view, placements, slices, clock, contained: new Contained(silentLogger) },
    warning: { now: () => time, beforeMs: 3_600_000 },
    mirrorRules: { addresses: server.remoteAddresses, projectShare: 1 },
  });
  expect(tally.samples()).toEqual([]);
  await tally.settled();
  const expected = [
    { labels: { kind: 'tap_services', status: 'ACTIVE' }, value: 1 },
    { labels: { kind: 'tap_flows', status: 'ACTIVE' }, value: 2 },
    { labels: { kind: 'tap_flows', status: 'PENDING_CREATE' }, value: 1 },
  ];
  const sorted = (samples: readonly object[]) => samples.map((each) => JSON.stringify(each)).sort();
  expect(sorted(tally.samples())).toEqual(sorted(expected));
  expect(tally.expiring).toContainEqual({ labels: { kind: 'tap_flows' }, value: 0 });
  time = Date.parse('2126-11-30T09:00:00Z');
  now += 60_000;
  tally.samples();
  await tally.settled();
  expect(tally.expiring).toEqual([
    { labels: { kind: 'tap_services' }, value: 0 },
    { labels: { kind: 'tap_flows' }, value: 3 },
    { labels: { kind: 'tap_mirrors' }, value: 0 },
  ]);
  const counted = laps;
  await alice('DELETE', `/v2.0/taas/tap_services/${id}`);
  await cloud.converge(['node1']);
  now += 19_000;
  tally.samples();
  await tally.settled();
  expect(laps).toBe(counted);
  now += 2_000;
  tally.samples();
  await tally.settled();
  expect(laps).toBeGreaterThan(counted);
  expect(tally.samples()).toEqual([]);
});
