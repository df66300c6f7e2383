import { silentLogger, systemClock } from '@taas/service';
import {
  createSnapshot,
  interestOf,
  type NodeFacts,
  noOverload,
  planTaps,
  type VppSnapshot,
  verify,
  Wanted,
} from '@taas/wiring';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Port } from 'vpp-sim';
import { Contained } from '../contained.js';
import { Bench, type BenchNode } from '../testing/bench.js';
import { readCounters } from '../vpp/show-interface.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import { VppSession } from '../vpp/vpp-session.js';
import { CopyWatch } from './copy-watch.js';

const contained = new Contained({ logger: silentLogger, counters: { failures: 0 } });

const id = (kind: string) => `${kind.repeat(8)}-0000-4000-8000-000000000001`;
const taps = { services: [id('5')], flows: [], mirrors: [] };
const frame = Uint8Array.of(255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0, ...new Array<number>(50).fill(7));

let bench: Bench;
let node: BenchNode;
let vpp: Vpp;
let session: VppSession;
let source: Port;
let snapshot: VppSnapshot;
let watch: CopyWatch;
let wanted: Wanted;
let facts: NodeFacts;

beforeEach(async () => {
  bench = await Bench.create();
  node = await bench.addNode('n1');
  source = node.vpp.addPort({ name: 'source', tag: `net-vpp.port:${id('a')}`, bridgeDomain: 10 });
  node.vpp.addPort({ name: 'collector', tag: `net-vpp.port:${id('b')}`, bridgeDomain: 20 });
  [snapshot, wanted] = [createSnapshot(), new Wanted()];
  const common = { v: 1, project_id: 'p' } as const;
  wanted.setService({ record: { ...common, id: id('5'), port_id: id('b'), inputs: [] }, revision: 1 });
  for (const [flow, direction] of [
    [id('e'), 'IN'],
    [id('f'), 'OUT'],
  ] as const) {
    const of = { tap_service_id: id('5'), source_port: id('a'), direction, vlan_filter: null, filter: [] };
    wanted.setFlow({ record: { ...common, ...of, id: flow, target: { type: 'local' } }, revision: 2 });
  }
  vpp = await node.connectVpp(new AbortController().signal);
  const problem = (error: Error) => {
    throw error;
  };
  session = new VppSession({
    vpp,
    snapshot,
    parallel: 8,
    uplinks: new Map(),
    poke: () => undefined,
    problem,
    contained,
    bridgeDomains: [100, 200],
  });
  await session.learn();
  watch = new CopyWatch(snapshot, silentLogger, contained, systemClock);
  facts = {
    ...{ uplinks: new Map(), tunnelAddress: null, bridgeDomains: [100, 200], policedKbps: null, overload: noOverload },
    get noCopies() {
      return watch.noCopies;
    },
  };
  await read();
  await session.execute(planTaps(taps, wanted, snapshot, facts));
  await read();
});
afterEach(async () => {
  await vpp.close();
  await bench.close();
});

async function read(): Promise<void> {
  await session.reader.readAll();
  await session.reader.readFeatures(interestOf(taps, wanted, snapshot).features);
}

const entry = () => [...snapshot.interfaces.by('tag', `taas.entry:${id('5')}`)].map(({ index }) => index)[0] ?? -1;
const statuses = () => verify(planTaps(taps, wanted, snapshot, facts)).map((each) => `${each.kind} ${each.status}`);

/** Looks with traffic in between. */
async function polls(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    for (let packet = 0; packet < 10; packet++) source.send(frame);
    await watch.look(vpp);
  }
}

it('reads what the switch counts', async () => {
  for (let n = 0; n < 3; n++) source.send(frame);
  const { reply } = await vpp.request('cli_inband', { cmd: 'show interface' });
  for (const [index, counters] of readCounters(reply)) expect(node.vpp.engine.countersOf(index)).toEqual(counters);
  expect(readCounters(reply).get(entry())?.txPackets).toBe(6);
});

it('says DOWN of the flows whose direction has traffic and no copies, until copies move', async () => {
  await polls(5);
  expect(statuses()).not.toContain('tap_flows DOWN');
  node.vpp.engine.span.swallow(entry(), true);
  await polls(2);
  expect(statuses()).not.toContain('tap_flows DOWN');
  await polls(1);
  expect(statuses().sort()).toEqual(['tap_flows ACTIVE', 'tap_flows DOWN', 'tap_services ACTIVE']);
  node.vpp.engine.span.swallow(entry(), false);
  await polls(1);
  expect(statuses()).not.toContain('tap_flows DOWN');
});

it('says nothing of a trunk, nor of a mirror that is switched off', async () => {
  node.vpp.engine.span.swallow(entry(), true);
  const features = snapshot.features.get(source.swIfIndex);
  snapshot.features.put(source.swIfIndex, null);
  await polls(5);
  expect(watch.noCopies.size).toBe(0);
  snapshot.features.put(source.swIfIndex, features ?? null);
  node.vpp.engine.createVlanSubInterface(source.swIfIndex, 100);
  await session.reader.readInterfaces();
  await polls(5);
  expect(watch.noCopies.size).toBe(0);
});

it('what fails for the copies of one interface is counted, and ends no poll', async () => {
  const counters = { failures: 0 };
  const warn = () => {
    throw new Error('this cannot be told');
  };
  watch = new CopyWatch(
    snapshot,
    { ...silentLogger, warn },
    new Contained({ logger: silentLogger, counters }),
    systemClock,
  );
  await polls(5);
  node.vpp.engine.span.swallow(entry(), true);
  await polls(3);
  expect(counters.failures).toBe(1);
});
