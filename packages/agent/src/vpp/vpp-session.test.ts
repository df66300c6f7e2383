import { silentLogger } from '@taas/service';
import {
  createSnapshot,
  findPort,
  interestOf,
  type NodeFacts,
  noOverload,
  planNode,
  planTaps,
  Wanted,
} from '@taas/wiring';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Port } from 'vpp-sim';
import { Contained } from '../contained.js';
import { Bench, type BenchNode } from '../testing/bench.js';
import { bridgeDomains } from './objects/bridge-domain.js';
import type { Vpp } from './vpp-messages.js';
import { VppSession } from './vpp-session.js';

const contained = new Contained({ logger: silentLogger, counters: { failures: 0 } });

const id = (kind: string) => `${kind.repeat(8)}-0000-4000-8000-000000000001`;
const facts: NodeFacts = {
  uplinks: new Map(),
  tunnelAddress: null,
  bridgeDomains: [100, 200],
  policedKbps: null,
  overload: noOverload,
};

let bench: Bench;
let node: BenchNode;
let vpp: Vpp;
let session: VppSession;
let source: Port;
let pokes: number;
const snapshot = createSnapshot();
const wanted = new Wanted();
const taps = { services: [id('5')], flows: [], mirrors: [] };

beforeEach(async () => {
  bench = await Bench.create();
  node = await bench.addNode('n1');
  source = node.vpp.addPort({ name: 'source', tag: `net-vpp.port:${id('a')}`, bridgeDomain: 10 });
  node.vpp.addPort({ name: 'collector', tag: `net-vpp.port:${id('b')}`, bridgeDomain: 20 });
  const common = { v: 1, project_id: 'p' } as const;
  wanted.setService({ record: { ...common, id: id('5'), port_id: id('b'), inputs: [] }, revision: 1 });
  const flow = { ...common, id: id('f'), tap_service_id: id('5'), source_port: id('a'), direction: 'BOTH' } as const;
  wanted.setFlow({ record: { ...flow, vlan_filter: null, filter: [], target: { type: 'local' } }, revision: 2 });
  vpp = await node.connectVpp(new AbortController().signal);
  pokes = 0;
  const poke = () => {
    pokes++;
  };
  const problem = (error: Error) => {
    throw error;
  };
  session = new VppSession({
    ...{ vpp, snapshot, parallel: 8, uplinks: new Map(), poke, problem, contained },
    bridgeDomains: facts.bridgeDomains,
  });
  await session.learn();
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

const plan = () => planTaps(taps, wanted, snapshot, facts);
const spans = async () => (await vpp.dump('sw_interface_span_dump', { is_l2: true })).length;

describe('a VPP that changes behind our back', () => {
  it('a source that has become another port since the plan was made is not mirrored', async () => {
    const old = plan();
    source.remove();
    const stranger = node.vpp.addPort({ name: 'stranger', tag: 'net-vpp.port:other', bridgeDomain: 10 });
    expect(stranger.swIfIndex).toBe(source.swIfIndex);
    const result = await session.execute(old);
    expect(result.failures.get(`mirror:${id('5')}/${id('a')}`)).toMatch(/is not port .* any more/);
    expect(await spans()).toBe(0);
  });

  it('an untagged stranger is not taken for the port that had its index, whose socket was seen before', async () => {
    source.remove();
    const tagged = { name: 'vm', tag: `net-vpp.port:${id('a')}`, vhostSocket: `/run/${id('a')}`, bridgeDomain: 10 };
    source = node.vpp.addPort(tagged);
    await read();
    const old = plan();
    await session.watch.start();
    source.remove();
    const stranger = node.vpp.addPort({ name: 'stranger', bridgeDomain: 10 });
    expect(stranger.swIfIndex).toBe(source.swIfIndex);
    expect((await session.execute(old)).failures.get(`mirror:${id('5')}/${id('a')}`)).toMatch(/is not port/);
    await session.reader.readInterface(stranger.swIfIndex);
    expect(findPort(id('a'), snapshot).blocker?.reason).toMatch(/not on this node yet/);
    // An untagged port is known by its own socket, though only its event has told of it.
    stranger.remove();
    const again = node.vpp.addPort({ name: 'again', vhostSocket: `/run/${id('a')}`, bridgeDomain: 10 });
    await session.reader.readInterface(again.swIfIndex);
    expect(findPort(id('a'), snapshot).value?.index).toBe(again.swIfIndex);
    await session.watch.catchUp();
    again.remove();
    const told = new Set<string>();
    await bench.until(
      async () => {
        for (const tag of await session.watch.catchUp()) told.add(tag);
        return told.has(`net-vpp.port:${id('a')}`) ? true : undefined;
      },
      () => 'its taps are not looked at when it goes',
    );
  });

  it('the mirrors of an interface that is deleted are switched off at once, whoever may get its index', async () => {
    await session.execute(plan());
    await read();
    await session.watch.start();
    expect(await spans()).toBe(1);
    source.remove();
    await bench.until(
      async () => ((await spans()) === 0 ? true : undefined),
      () => 'the mirror stays',
    );
    expect(pokes).toBeGreaterThan(0);
    expect([...(await session.watch.catchUp())]).toContain(`net-vpp.port:${id('a')}`);
  });

  it('a loopback that gets the index of one that was just deleted keeps its mirrors', async () => {
    const { sw_if_index: old } = await vpp.request('create_loopback_instance', {
      ...{ mac_address: new Uint8Array([2, 0x74, 0x61, 0, 0, 9]), is_specified: false, user_instance: 0xffffffff },
    });
    await vpp.request('sw_interface_tag_add_del', { is_add: true, sw_if_index: old, tag: `taas.flow:${id('9')}` });
    await read();
    const { sequences, outlooks } = planNode(wanted, snapshot, facts);
    const [goes, comes, mirror] = [`flow:${id('9')}`, `entry:${id('5')}`, `mirror:${id('5')}/${id('a')}`];
    const rest = sequences.filter(({ key }) => ![goes, comes, mirror].includes(key));
    // The order in which VPP gives the index to the new loopback.
    const ordered = [
      ...rest,
      ...sequences.filter(({ key }) => key === goes).map((each) => ({ ...each, needs: rest.map(({ key }) => key) })),
      ...sequences.filter(({ key }) => key === comes).map((each) => ({ ...each, needs: [...each.needs, goes] })),
      ...sequences.filter(({ key }) => key === mirror),
    ];
    const result = await session.execute({ sequences: ordered, unplanned: [], outlooks });
    expect(result.failures.size).toBe(0);
    await session.reader.readTouched(result.touched);
    await read();
    expect(snapshot.interfaces.get(old)?.tag).toBe(`taas.entry:${id('5')}`);
    expect(planNode(wanted, snapshot, facts).sequences).toEqual([]);
  });

  it('a bridge domain that VPP makes for who joins one just deleted does not stay', async () => {
    await session.execute(plan());
    await read();
    const [domain] = snapshot.bridgeDomains.by('tag', `taas.service:${id('5')}`);
    const [entry] = snapshot.interfaces.by('tag', `taas.entry:${id('5')}`);
    if (!domain || !entry) throw new Error('the tap does not stand');
    const leave = (index: number) =>
      vpp.request('sw_interface_set_l2_bridge', {
        ...{ rx_sw_if_index: index, bd_id: domain.id, port_type: 0, shg: 0, enable: false },
      });
    await leave(entry.index);
    await read();
    const old = plan();
    expect(old.sequences.flatMap(({ steps }) => steps.map(({ kind }) => kind))).toContain('join-bridge');
    // Between the plan and its execution somebody deletes what it joins.
    for (const index of domain.members.keys()) await leave(index);
    await bridgeDomains.of(vpp)(domain.id, '', false);
    await session.reader.readTouched((await session.execute(old)).touched);
    expect(snapshot.bridgeDomains.get(domain.id)?.tag).toBe('');
    // A poll of all of ours finds that something lost its tag: everything is looked at then.
    expect(snapshot.bridgeDomains.takeLostTag()).toBe(true);
    for (let pass = 0; pass < 3; pass++) {
      await session.reader.readTouched((await session.execute(plan())).touched);
      await session.reader.readFeatures(interestOf(taps, wanted, snapshot).features);
    }
    expect(plan().sequences).toEqual([]);
    const domains = await vpp.dump('bridge_domain_dump', { bd_id: 0xffffffff, sw_if_index: 0xffffffff });
    const ours = domains.filter(({ bd_id }) => bd_id >= 100);
    expect(ours.map(({ bd_tag }) => bd_tag)).toEqual([`taas.service:${id('5')}`]);
  });

  it('what we delete ourselves is not answered: the index may be in use again for another tap', async () => {
    await session.execute(plan());
    await read();
    await session.watch.start();
    const deleted = new Promise<void>((resolve) => {
      vpp.on('sw_interface_event', (event) => (event.deleted ? resolve() : undefined));
    });
    session.watch.expectDeletion(source.swIfIndex);
    source.remove();
    await deleted;
    await vpp.ping();
    expect(await spans()).toBe(1);
  });
});
