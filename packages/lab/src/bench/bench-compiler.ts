import { randomUUID } from 'node:crypto';
import {
  agentCodec,
  keys,
  nodeTapFlowCodec,
  type TapFlowRecord,
  type TapServiceRecord,
  tapFlowCodec,
  tapServiceCodec,
} from '@taas/model';
import { Compiler, LiveView, remoteAddressPolicy, usualRemoteAddresses } from '@taas/server';
import { silentLogger } from '@taas/service';
import { createEtcdStore, type Operation, type Store } from '@taas/store';
import { launchEtcd } from '@taas/store/testing';
import type { BenchContext } from './bench-context.js';
import { type BenchResult, type Figure, percentile } from './bench-result.js';

const flowsPerNode = 100;
const flowsPerService = 10;
const samples = 300;
const sizes = [10, 100, 1_000];

/**
 * What one changed flow costs the compiler in clouds of 10, 100 and 1,000 nodes with 100 flows each: the time from the
 * change in the store to the node's new record, and the number of services compiled and operations written. Records are
 * in a real etcd; its own time for a change is part of the figure, at every size.
 */
export async function benchCompiler(context: BenchContext): Promise<BenchResult> {
  const measured = [];
  for (const nodes of sizes) {
    context.say(`compiler: ${nodes} nodes with ${flowsPerNode} flows each ...`);
    measured.push({ nodes, ...(await measure(context, nodes)) });
  }
  const first = measured[0];
  const last = measured.at(-1);
  if (!first || !last) throw new Error('no size was measured');
  const figures: Figure[] = measured.flatMap((one) => [
    { what: `${one.nodes} nodes: one change, p50`, value: one.p50, unit: 'ms' },
    { what: `${one.nodes} nodes: one change, p99`, value: one.p99, unit: 'ms' },
    { what: `${one.nodes} nodes: services compiled per change`, value: one.compiled, unit: '' },
    { what: `${one.nodes} nodes: operations written per change`, value: one.operations, unit: '' },
    { what: `${one.nodes} nodes: everything compiled at first`, value: one.initialSeconds, unit: 's' },
  ]);
  figures.push({ what: 'p50 with 1,000 nodes / with 10', value: last.p50 / first.p50, unit: 'x' });
  return {
    bench: 'compiler',
    figures,
    notes: ['a real etcd, the compiler in this process', `${samples} changes each`],
  };
}

async function measure(context: BenchContext, nodes: number) {
  const etcd = await launchEtcd({ clock: context.clock, command: context.etcd });
  const { clock } = context;
  const store = createEtcdStore({ endpoints: [etcd.endpoint], clock, logger: silentLogger, random: Math.random });
  try {
    return await measureOn(context, store, nodes);
  } finally {
    await store.close();
    await etcd.close();
  }
}

async function measureOn(context: BenchContext, store: Store, nodes: number) {
  const stop = new AbortController();
  const { flows } = await populate(store, nodes);
  const live = new LiveView(store, context.clock, silentLogger);
  const following = live.run(stop.signal);
  const policy = {
    options: [{ type: 'vxlan' as const, first: 1, last: 0xffffff }],
    projectShare: 1,
  };
  const compiler = new Compiler({
    store,
    live,
    policy,
    clock: context.clock,
    logger: silentLogger,
    remoteAddresses: remoteAddressPolicy(usualRemoteAddresses),
    random: Math.random,
  });
  const fence = await leaderKey(store);
  const start = context.clock.monotonic();
  while (!live.fresh) await context.clock.sleep(5);
  const leading = compiler.lead({ signal: stop.signal, fence });
  await settled(store, live, compiler, flows);
  const initialSeconds = (context.clock.monotonic() - start) / 1_000;
  const before = { ...compiler.stats };
  const times: number[] = [];
  for (let i = 0; i < samples; i += 1) times.push(await oneChange(context, store, pick(flows, i)));
  const compiled = (compiler.stats.compiled - before.compiled) / samples;
  const operations = (compiler.stats.operations - before.operations) / samples;
  stop.abort(new Error('measured'));
  await Promise.all([following, leading]);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), compiled, operations, initialSeconds };
}

interface PlacedFlow {
  readonly record: TapFlowRecord;
  readonly node: string;
}

/** Spreads the picks over the whole cloud. */
function pick(flows: readonly PlacedFlow[], i: number): PlacedFlow {
  const flow = flows[(i * 7_919) % flows.length];
  if (!flow) throw new Error('the cloud has no flows');
  return flow;
}

/** Turns the flow's direction over, and resolves with the milliseconds until its node is told. */
async function oneChange(context: BenchContext, store: Store, flow: PlacedFlow): Promise<number> {
  const key = keys.resource('tap_flows', flow.record.id);
  const current = await store.get(key);
  if (!current) throw new Error(`${key} is gone`);
  const record = tapFlowCodec.parse(key, current.value);
  const direction = record.direction === 'IN' ? 'OUT' : 'IN';
  const published = keys.nodeResource(flow.node, 'tap_flows', record.id);
  const start = context.clock.monotonic();
  await put(store, [{ kind: 'put', key, value: tapFlowCodec.format({ ...record, direction }) }]);
  for (;;) {
    const entry = await store.get(published);
    if (entry && nodeTapFlowCodec.parse(published, entry.value).direction === direction)
      return context.clock.monotonic() - start;
    // Lets the follower and the compiler run; a timer would measure its own granularity.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

async function populate(store: Store, nodes: number): Promise<{ readonly flows: readonly PlacedFlow[] }> {
  const flows: PlacedFlow[] = [];
  let batch: Operation[] = [];
  const add = async (key: string, value: string): Promise<void> => {
    batch.push({ kind: 'put', key, value });
    if (batch.length < 120) return;
    await put(store, batch);
    batch = [];
  };
  for (let n = 0; n < nodes; n += 1) {
    const agent = { v: 1 as const, agent_version: 'bench', vpp_version: 'bench', physnets: [], capabilities: [] };
    const address = `10.${Math.floor(n / 65_536)}.${Math.floor(n / 256) % 256}.${n % 256}`;
    await add(keys.agent(`n${n}`), agentCodec.format({ ...agent, node: `n${n}`, tunnel_address: address }));
  }
  const services = (nodes * flowsPerNode) / flowsPerService;
  for (let s = 0; s < services; s += 1) {
    const common = { v: 1 as const, project_id: `project${s % 50}`, name: '', description: '', created_at: 1 };
    const collector = randomUUID();
    const service: TapServiceRecord = { ...common, id: randomUUID(), port_id: collector };
    await add(keys.resource('tap_services', service.id), tapServiceCodec.format(service));
    await add(keys.boundPort(`n${s % nodes}`, collector), '{}');
    for (let f = 0; f < flowsPerService; f += 1) {
      const node = `n${(s * flowsPerService + f) % nodes}`;
      const record: TapFlowRecord = {
        ...common,
        ...{ id: randomUUID(), tap_service_id: service.id, source_port: randomUUID() },
        ...{ direction: 'IN', vlan_filter: null },
      };
      await add(keys.resource('tap_flows', record.id), tapFlowCodec.format(record));
      await add(keys.boundPort(node, record.source_port), '{}');
      flows.push({ record, node });
    }
  }
  await put(store, batch);
  return { flows };
}

async function settled(store: Store, live: LiveView, compiler: Compiler, flows: readonly PlacedFlow[]) {
  const signal = AbortSignal.timeout(600_000);
  for (;;) {
    await compiler.idle(signal);
    const last = flows.at(-1);
    const first = flows[0];
    if (!first || !last) return;
    const published = await Promise.all(
      [first, last].map((flow) => store.get(keys.nodeResource(flow.node, 'tap_flows', flow.record.id))),
    );
    if (compiler.backlog === 0 && live.fresh && published.every((entry) => entry !== undefined)) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

async function leaderKey(store: Store) {
  const { revision } = await put(store, [{ kind: 'put', key: keys.leader, value: '{}' }]);
  return { kind: 'mod-revision', key: keys.leader, revision } as const;
}

function put(store: Store, operations: readonly Operation[]) {
  return store.transact({ compare: [], operations });
}
