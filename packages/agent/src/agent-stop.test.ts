import type { NodeTapService } from '@taas/model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Bench } from './testing/bench.js';

const id = (kind: string) => `${kind.repeat(8)}-0000-4000-8000-000000000001`;
const service: NodeTapService = { v: 1, id: id('5'), project_id: 'p', port_id: id('b'), inputs: [] };

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.create();
});
afterEach(async () => {
  await bench.close();
});

it('finishes what it has begun: nothing is left that nobody could tell from others', async () => {
  const node = await bench.addNode('n1');
  node.vpp.addPort({ name: 'collector', tag: `net-vpp.port:${service.port_id}`, bridgeDomain: 20 });
  node.vpp.faults.delay('create_subif', 100);
  await node.start();
  await node.wantService(service);
  const begun = () => (node.vpp.writesOfFollowers.byMessage.has('bridge_domain_add_del_v2') ? true : undefined);
  await bench.until(begun, () => 'the service is not begun');
  await node.stop();
  const { interfaces } = node.vpp.dumpState();
  const made = interfaces.filter(({ name }) => name.startsWith('collector.'));
  expect(made.map(({ tag, adminUp }) => ({ tag, adminUp }))).toEqual([
    { tag: `taas.collector:${service.id}`, adminUp: true },
    { tag: `taas.unicast:${service.id}`, adminUp: true },
  ]);
});

it('does not wait for ever for a VPP that hangs', async () => {
  const node = await bench.addNode('n1');
  node.vpp.addPort({ name: 'collector', tag: `net-vpp.port:${service.port_id}`, bridgeDomain: 20 });
  node.vpp.faults.delay('create_subif', 60_000);
  await node.start();
  await node.wantService(service);
  const begun = () => (node.vpp.writesOfFollowers.byMessage.has('bridge_domain_add_del_v2') ? true : undefined);
  await bench.until(begun, () => 'the service is not begun');
  const start = performance.now();
  await node.stop();
  expect(performance.now() - start).toBeLessThan(4_000);
});
