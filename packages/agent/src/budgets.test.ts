import { afterEach, beforeEach, expect, it } from 'vitest';
import { Bench, type BenchNode } from './testing/bench.js';

const id = (kind: string) => `${kind.repeat(8)}-0000-4000-8000-000000000001`;
const budgetOf = (max_kbps?: number) => ({ budget: { flow: max_kbps === undefined ? {} : { max_kbps } } });

let bench: Bench;
let node: BenchNode;
beforeEach(async () => {
  bench = await Bench.create();
  node = await bench.addNode('n1', budgetOf(1000));
  node.vpp.addPort({ name: 'vm1', tag: `net-vpp.port:${id('a')}`, bridgeDomain: 10 });
  node.vpp.addPort({ name: 'vm2', tag: `net-vpp.port:${id('c')}`, bridgeDomain: 20 });
});
afterEach(() => bench.close());

async function tap(): Promise<number> {
  const common = { v: 1, project_id: 'p' } as const;
  await node.wantService({ ...common, id: id('5'), port_id: id('c'), inputs: [] });
  const asked = { tap_service_id: id('5'), source_port: id('a'), direction: 'BOTH', vlan_filter: null } as const;
  const revision = await node.wantFlow({ ...common, id: id('f'), ...asked, filter: [], target: { type: 'local' } });
  await node.until('tap_flows', id('f'), revision, 'ACTIVE');
  return revision;
}

const policers = () => node.vpp.dumpState().policers;

it('a restart with the same budget writes nothing, and one with another changes the policer in place', async () => {
  await node.start();
  const revision = await tap();
  expect(policers()).toEqual([{ name: `taas.flow:${id('f')}`, cir: 1000 }]);
  await node.restart(budgetOf(1000));
  await node.until('tap_flows', id('f'), revision, 'ACTIVE');
  await bench.until(
    async () => ((await node.dryRun())[0] === 'nothing to do' ? true : undefined),
    async () => (await node.dryRun()).join(),
  );
  expect(node.vpp.writesOfFollowers.total).toBe(0);
  await node.restart(budgetOf(2000));
  await bench.until(
    () => (policers()[0]?.cir === 2000 ? true : undefined),
    () => JSON.stringify(policers()),
  );
  expect([...node.vpp.writesOfFollowers.byMessage]).toEqual([['policer_update', 1]]);
});

it('a restart without a budget leaves no policer and no table, and the tap ACTIVE', async () => {
  await node.start();
  const revision = await tap();
  await node.restart(budgetOf());
  await bench.until(
    () => (policers().length === 0 ? true : undefined),
    () => JSON.stringify(policers()),
  );
  await node.until('tap_flows', id('f'), revision, 'ACTIVE');
  expect(node.vpp.dumpState().tables).toEqual([]);
  expect(node.vpp.dumpState().policed).toEqual([]);
});

it('a policer that somebody takes off is put back at once', async () => {
  await node.start();
  await tap();
  const [before] = node.vpp.dumpState().policed;
  if (!before) throw new Error('nothing is policed');
  node.vpp.engine.policing.withdraw(before.swIfIndex, before.table);
  await bench.until(
    () => (node.vpp.dumpState().policed.length === 1 ? true : undefined),
    () => JSON.stringify(node.vpp.dumpState().policed),
  );
});
