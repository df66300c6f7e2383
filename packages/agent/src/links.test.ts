import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Port } from 'vpp-sim';
import { Bench, type BenchNode } from './testing/bench.js';

const id = (kind: string, n: number) => `${kind.repeat(8)}-0000-4000-8000-${String(n).padStart(12, '0')}`;
const common = { v: 1, project_id: 'p' } as const;
const vlan = { type: 'vlan', physnet: 'phys1', vlan: 88 } as const;

let bench: Bench;
let node: BenchNode;
let source: Port;
let collector: Port;
let revisions: { service: number; near: number; far: number };

beforeEach(async () => {
  bench = await Bench.create();
  // No poll but for what waits: whatever is seen at once was told by an event.
  node = await bench.addNode('n1', {
    intervals: { verify_ms: 3_600_000, liveness_ms: 3_600_000, traffic_ms: 3_600_000 },
  });
  const port = (n: number) =>
    node.vpp.addPort({ name: `port${n}`, tag: `net-vpp.port:${id('a', n)}`, bridgeDomain: 10 + n });
  [source, collector] = [port(1), port(2)];
  await node.start();
  const flow = { ...common, source_port: id('a', 1), direction: 'BOTH', vlan_filter: null } as const;
  revisions = {
    service: await node.wantService({ ...common, id: id('5', 1), port_id: id('a', 2), inputs: [] }),
    near: await node.wantFlow({
      ...flow,
      id: id('f', 1),
      tap_service_id: id('5', 1),
      filter: [],
      target: { type: 'local' },
    }),
    far: await node.wantFlow({ ...flow, id: id('f', 2), tap_service_id: id('5', 2), filter: [], target: vlan }),
  };
  await settled('ACTIVE', 'ACTIVE');
});
afterEach(async () => {
  await bench.close();
});

async function settled(near: 'ACTIVE' | 'DOWN', far: 'ACTIVE' | 'PENDING') {
  const service = await node.until('tap_services', id('5', 1), revisions.service, near);
  const states = [
    await node.until('tap_flows', id('f', 1), revisions.near, near),
    await node.until('tap_flows', id('f', 2), revisions.far, far),
  ];
  return [service, ...states].map(({ status_code }) => status_code);
}

it("is told of a collector's link as soon as it goes and comes, and changes nothing in VPP", async () => {
  node.vpp.resetWrites();
  for (let n = 0; n < 3; n++) {
    collector.setAttached(false);
    expect(await settled('DOWN', 'ACTIVE')).toEqual(['collector_link_down', 'collector_link_down', 'ok']);
    collector.setAttached(true);
    expect(await settled('ACTIVE', 'ACTIVE')).toEqual(['ok', 'ok', 'ok']);
  }
  expect(node.vpp.writes.total).toBe(0);
});

it('sees that a link has gone while its interface was set down and up again, whatever the event says of it', async () => {
  const { interfaces } = node.vpp.engine;
  const device = interfaces.get(collector.swIfIndex);
  // One event, which says that admin state and link went up.
  interfaces.setAdmin(device, false);
  interfaces.setAdmin(device, true);
  collector.setAttached(false);
  expect(await settled('DOWN', 'ACTIVE')).toEqual(['collector_link_down', 'collector_link_down', 'ok']);
});

it("leaves a tap ACTIVE whose source's link is down: there is nothing to copy", async () => {
  source.setAttached(false);
  collector.setAttached(false);
  await settled('DOWN', 'ACTIVE');
  collector.setAttached(true);
  expect(await settled('ACTIVE', 'ACTIVE')).toEqual(['ok', 'ok', 'ok']);
});

it('is told of the link of an uplink, and keeps the wiring on it', async () => {
  node.vpp.resetWrites();
  node.uplink.setAttached(false);
  expect(await settled('ACTIVE', 'PENDING')).toEqual(['ok', 'ok', 'link_down']);
  node.uplink.setAttached(true);
  expect(await settled('ACTIVE', 'ACTIVE')).toEqual(['ok', 'ok', 'ok']);
  expect(node.vpp.writes.total).toBe(0);
});
