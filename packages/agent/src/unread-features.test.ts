import { afterEach, beforeEach, expect, it } from 'vitest';
import { releases } from 'vpp-sim';
import { Bench, type BenchNode } from './testing/bench.js';

const id = (kind: string, n: number) => `${kind.repeat(8)}-0000-4000-8000-${String(n).padStart(12, '0')}`;
const common = { v: 1, project_id: 'p' } as const;

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(() => bench.close());

const wire = async (node: BenchNode, n: number) => {
  node.vpp.addPort({ name: `source${n}`, tag: `net-vpp.port:${id('a', n)}`, bridgeDomain: 10 });
  node.vpp.addPort({ name: `collector${n}`, tag: `net-vpp.port:${id('b', n)}`, bridgeDomain: 20 });
  await node.wantService({ ...common, id: id('5', n), port_id: id('b', n), inputs: [] });
  const how = { direction: 'BOTH', vlan_filter: null, target: { type: 'local' } } as const;
  const revision = await node.wantFlow({
    ...{ ...common, id: id('f', n), tap_service_id: id('5', n), source_port: id('a', n) },
    ...{ ...how, filter: [] },
  });
  return { state: (status: 'ACTIVE' | 'ERROR') => node.until('tap_flows', id('f', n), revision, status) };
};

it.each([
  { release: undefined, message: 'l2_flags_get' },
  { release: releases['20.09'], message: 'l2_flags' },
] as const)(
  'a tap of which VPP refuses to say how it stands is left as it is ($message)',
  async ({ release, message }) => {
    const intervals = { verify_ms: 100, liveness_ms: 50, retry_first_ms: 20, retry_max_ms: 100 };
    const node = await bench.addNode('n1', { intervals }, release);
    const flow = await wire(node, 1);
    await node.start();
    await flow.state('ACTIVE');
    node.vpp.resetWrites();
    node.vpp.faults.refuse(message, -18);
    expect((await flow.state('ERROR')).reason).toContain(message);
    expect(node.vpp.writes.total).toBe(0);
    node.vpp.faults.clear();
    await flow.state('ACTIVE');
    expect(node.vpp.writes.total).toBe(0);
  },
);
