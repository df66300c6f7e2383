import { keys, type NodeTapFlow, type NodeTapService } from '@taas/model';
import { compareFrames, sampleTraffic } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Port } from 'vpp-sim';
import { Bench, type BenchNode } from './testing/bench.js';

const uuid = (kind: string, n: number) => `${kind.repeat(8)}-0000-4000-8000-${String(n).padStart(12, '0')}`;
const serviceId = (n: number) => uuid('5', n);
const flowId = (n: number) => uuid('f', n);
const portId = (n: number) => uuid('a', n);

const service = (n: number, port: number, more: Partial<NodeTapService> = {}): NodeTapService => ({
  ...{ v: 1, id: serviceId(n), project_id: 'p', port_id: portId(port), inputs: [] },
  ...more,
});
const flow = (n: number, of: number, source: number, more: Partial<NodeTapFlow> = {}): NodeTapFlow => ({
  ...{ v: 1, id: flowId(n), project_id: 'p', tap_service_id: serviceId(of), source_port: portId(source) },
  ...{ direction: 'BOTH', vlan_filter: null, filter: [], target: { type: 'local' } },
  ...more,
});

const vmMac = '02:00:00:00:00:01';
const traffic = sampleTraffic({ vmMac, rounds: 1 });

let bench: Bench;
let node: BenchNode;

const addPort = (at: BenchNode, n: number): Port =>
  at.vpp.addPort({ name: `vm${n}`, tag: `net-vpp.port:${portId(n)}`, bridgeDomain: 10 });

/** What the collector gets of a conversation of the VM at `source`, with its peer beside it. */
function copied(source: Port, peer: Port, collector: Port, direction: 'IN' | 'OUT' | 'BOTH' = 'BOTH') {
  collector.takeReceived();
  for (const { sentByVm, frame } of traffic) (sentByVm ? source : peer).send(frame);
  const expected = traffic.filter((each) => direction === 'BOTH' || each.sentByVm === (direction === 'OUT'));
  return compareFrames(
    expected.map(({ frame }) => frame),
    collector.takeReceived(),
  );
}
const exact = (count: number) => ({ matched: count, lost: [], duplicated: [], foreign: [] });

beforeEach(async () => {
  bench = await Bench.create();
  node = await bench.addNode('n1');
});
afterEach(() => bench.close());

/** A source with a peer in one network, and a collector in another. */
async function localTap(): Promise<{ source: Port; peer: Port; collector: Port }> {
  const [source, peer] = [addPort(node, 1), addPort(node, 2)];
  const collector = node.vpp.addPort({ name: 'vm3', tag: `net-vpp.port:${portId(3)}`, bridgeDomain: 20 });
  await node.start();
  await node.wantService(service(1, 3));
  const revision = await node.wantFlow(flow(1, 1, 1));
  await node.until('tap_flows', flowId(1), revision, 'ACTIVE');
  return { source, peer, collector };
}

describe('a tap on one node', () => {
  it.each(['IN', 'OUT', 'BOTH'] as const)(
    'copies each frame of direction %s once, and is taken away without a trace',
    async (direction) => {
      const before = JSON.stringify(node.vpp.dumpState());
      expect(before).not.toContain('taas.');
      const { source, peer, collector } = await localTap();
      const revision = await node.wantFlow(flow(1, 1, 1, { direction }));
      await node.until('tap_flows', flowId(1), revision, 'ACTIVE');
      await node.until('tap_services', serviceId(1), 1, 'ACTIVE');
      const count = traffic.filter((each) => direction === 'BOTH' || each.sentByVm === (direction === 'OUT')).length;
      expect(copied(source, peer, collector, direction)).toEqual(exact(count));
      await node.wantService(service(1, 3, { removed: true }));
      const removed = await node.wantFlow(flow(1, 1, 1, { removed: true }));
      await node.until('tap_flows', flowId(1), removed, 'REMOVED');
      await node.until('tap_services', serviceId(1), removed - 1, 'REMOVED');
      expect(JSON.stringify(node.vpp.dumpState())).not.toContain('taas.');
      await node.forget('tap_flows', flowId(1));
      await bench.until(
        async () => ((await node.state('tap_flows', flowId(1))) ? undefined : true),
        () => 'state stays',
      );
    },
  );

  it('survives a restart of the agent: nothing is written to VPP', async () => {
    const { source, peer, collector } = await localTap();
    await node.stop();
    node.vpp.resetWrites();
    const state = JSON.stringify(node.vpp.dumpState());
    await node.start();
    const revision = await node.wantFlow(flow(2, 1, 9));
    await node.until('tap_flows', flowId(2), revision, 'PENDING', /is not on this node yet/);
    expect(node.vpp.writesOfFollowers.total).toBe(0);
    expect(JSON.stringify(node.vpp.dumpState())).toBe(state);
    expect(copied(source, peer, collector)).toEqual(exact(traffic.length));
  });

  it('waits for its port, and is ACTIVE when it comes', async () => {
    await localTap();
    const revision = await node.wantFlow(flow(2, 1, 9));
    await node.until('tap_flows', flowId(2), revision, 'PENDING', /port .*9 is not on this node yet/);
    addPort(node, 9);
    await node.until('tap_flows', flowId(2), revision, 'ACTIVE');
  });

  it('is made again when VPP has restarted', async () => {
    await localTap();
    const state = await node.state('tap_flows', flowId(1));
    await node.vpp.faults.restartEmpty();
    const [source, peer] = [addPort(node, 1), addPort(node, 2)];
    const collector = node.vpp.addPort({ name: 'vm3', tag: `net-vpp.port:${portId(3)}`, bridgeDomain: 20 });
    await bench.until(
      () => (JSON.stringify(node.vpp.dumpState()).includes('taas.entry') ? true : undefined),
      () => 'not made',
    );
    await node.until('tap_flows', flowId(1), state?.revision ?? 0, 'ACTIVE');
    expect(copied(source, peer, collector)).toEqual(exact(traffic.length));
  });

  it('says so when the connection to VPP is lost, and finds all in place afterwards', async () => {
    await localTap();
    node.vpp.resetWrites();
    node.vpp.faults.dropConnection();
    const { revision } = (await node.state('tap_flows', flowId(1))) ?? { revision: 0 };
    await node.until('tap_flows', flowId(1), revision, 'PENDING', /VPP is not connected/);
    await node.until('tap_flows', flowId(1), revision, 'ACTIVE');
    expect(node.vpp.writesOfFollowers.total).toBe(0);
  });

  it('a source is deleted and its index given to another port: that one is not copied', async () => {
    const { source, peer, collector } = await localTap();
    const index = source.swIfIndex;
    source.remove();
    const other = addPort(node, 8);
    expect(other.swIfIndex).toBe(index);
    const { revision } = (await node.state('tap_flows', flowId(1))) ?? { revision: 0 };
    await node.until('tap_flows', flowId(1), revision, 'PENDING', /is not on this node/);
    expect(copied(other, peer, collector).matched).toBe(0);
  });

  it("the collector's port is deleted and its index given to another: that one gets nothing", async () => {
    const { source, peer, collector } = await localTap();
    collector.remove();
    const strangers = [1, 2, 3].map((n) => addPort(node, 50 + n));
    const taps = strangers.map((port) => port.takeReceived().length);
    expect(taps).toEqual([0, 0, 0]);
    for (const { sentByVm, frame } of traffic) if (sentByVm) source.send(frame);
    const atPeer = peer.takeReceived().length;
    for (const stranger of strangers) expect(stranger.takeReceived().length).toBeLessThanOrEqual(atPeer);
    const { revision } = (await node.state('tap_services', serviceId(1))) ?? { revision: 0 };
    await node.until('tap_services', serviceId(1), revision, 'PENDING', /is not on this node/);
  });

  it('a message that VPP refuses puts one tap into ERROR, the others stand, and it comes right by itself', async () => {
    await localTap();
    node.vpp.faults.refuse('sw_interface_span_enable_disable', -1, { times: 1 });
    const refused = await node.wantFlow(flow(2, 1, 2));
    await node.until('tap_flows', flowId(2), refused, 'ERROR', /could not .*mirror .*VNET_API_ERROR/);
    expect((await node.state('tap_flows', flowId(1)))?.status).toBe('ACTIVE');
    await node.until('tap_flows', flowId(2), refused, 'ACTIVE');
  });

  it('a mirror of others that was taken away meanwhile does not come back with a tap of the same source', async () => {
    const [source, theirs] = [addPort(node, 1), addPort(node, 2)];
    const vpp = await node.connectVpp(new AbortController().signal);
    const mirror = (state: 0 | 3) =>
      vpp.request('sw_interface_span_enable_disable', {
        ...{ sw_if_index_from: source.swIfIndex, sw_if_index_to: theirs.swIfIndex, state, is_l2: true },
      });
    await mirror(3);
    node.vpp.addPort({ name: 'vm3', tag: `net-vpp.port:${portId(3)}`, bridgeDomain: 20 });
    await node.start();
    await node.until('tap_services', serviceId(1), await node.wantService(service(1, 3)), 'ACTIVE');
    await mirror(0);
    const revision = await node.wantFlow(flow(1, 1, 1));
    await node.until('tap_flows', flowId(1), revision, 'ACTIVE');
    const destinations = (await vpp.dump('sw_interface_span_dump', { is_l2: true })).map((row) => row.sw_if_index_to);
    await vpp.close();
    expect(destinations).toHaveLength(1);
    expect(destinations).not.toContain(theirs.swIfIndex);
  });

  it('a record that cannot be read hurts itself alone', async () => {
    const { source, peer, collector } = await localTap();
    node.vpp.resetWrites();
    const key = keys.nodeResource('n1', 'tap_flows', flowId(1));
    const revision = await bench.put(key, '{"v":1,"direction":"SIDEWAYS"}');
    await node.until('tap_flows', flowId(1), revision, 'ERROR', /the record of this tap cannot be used/);
    const other = await bench.put(keys.nodeResource('n1', 'tap_flows', flowId(7)), 'garbage');
    await node.until('tap_flows', flowId(7), other, 'ERROR', /is not JSON/);
    expect(node.vpp.writesOfFollowers.total).toBe(0);
    expect(copied(source, peer, collector)).toEqual(exact(traffic.length));
    const mended = await node.wantFlow(flow(1, 1, 1));
    await node.until('tap_flows', flowId(1), mended, 'ACTIVE');
    expect(node.vpp.writesOfFollowers.total).toBe(0);
  });

  it('a state that was spoilt in the store is written again when everything is looked at', async () => {
    await localTap();
    const key = keys.stateResource('n1', 'tap_flows', flowId(1));
    const good = await bench.store.get(key);
    await bench.put(key, '{"v":1,"id":"');
    bench.store.stop();
    bench.store.start();
    await bench.until(
      async () => ((await bench.store.get(key))?.value === good?.value ? true : undefined),
      () => 'the state stays spoilt',
    );
  });

  it('notices by itself that its source left its network and came back', async () => {
    const { source, peer, collector } = await localTap();
    const vpp = await node.connectVpp(new AbortController().signal);
    const member = { rx_sw_if_index: source.swIfIndex, bd_id: 10, port_type: 0, shg: 0 };
    await vpp.request('sw_interface_set_l2_bridge', { ...member, enable: false });
    await vpp.request('sw_interface_set_l2_bridge', { ...member, enable: true });
    await vpp.close();
    await bench.until(
      () => (copied(source, peer, collector).matched === traffic.length ? true : undefined),
      () => 'nothing is copied',
    );
  });

  it('goes on when the store is away, and tells it afterwards', async () => {
    const { source, peer, collector } = await localTap();
    bench.store.stop();
    node.vpp.resetWrites();
    expect(copied(source, peer, collector)).toEqual(exact(traffic.length));
    source.remove();
    bench.store.start();
    await node.until('tap_flows', flowId(1), 0, 'PENDING', /is not on this node/);
    expect(await bench.store.get(keys.agent('n1'))).toBeDefined();
  });
});

describe('a tap between two nodes', () => {
  it('over VLAN: each copy arrives once, and what the collector sends goes nowhere', async () => {
    const far = await bench.addNode('n2');
    bench.join(node, far);
    const [source, peer] = [addPort(node, 1), addPort(node, 2)];
    const collector = far.vpp.addPort({ name: 'vm3', tag: `net-vpp.port:${portId(3)}`, bridgeDomain: 20 });
    await Promise.all([node.start(), far.start()]);
    const link = { type: 'vlan', physnet: 'phys1', vlan: 3901 } as const;
    const atFar = await far.wantService(service(1, 3, { inputs: [link] }));
    const revision = await node.wantFlow(flow(1, 1, 1, { target: link }));
    await node.until('tap_flows', flowId(1), revision, 'ACTIVE');
    await far.until('tap_services', serviceId(1), atFar, 'ACTIVE');
    expect(copied(source, peer, collector)).toEqual(exact(traffic.length));
    const onWire: Uint8Array[] = [];
    node.uplink.onFrame((frame) => onWire.push(frame));
    far.uplink.onFrame((frame) => onWire.push(frame));
    const frame = new Uint8Array(100);
    frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 3, 0x81, 0x00, 0x0f, 0xff, 0x08, 0x00]);
    collector.send(frame);
    expect(onWire).toEqual([]);
  });

  it('over VXLAN', async () => {
    await node.vpp.stop();
    bench.nodes.pop();
    const [a, b] = [
      await bench.addNode('a', { tunnel_address: '10.0.0.1' }),
      await bench.addNode('b', { tunnel_address: '10.0.0.2' }),
    ];
    bench.join(a, b);
    for (const [at, last] of [
      [a, 1],
      [b, 2],
    ] as const) {
      const { engine } = at.vpp;
      const entry = { interface: engine.interfaces.get(at.uplink.swIfIndex), length: 24 };
      engine.ip.addresses.add({ ...entry, address: Uint8Array.of(10, 0, 0, last) });
    }
    const [source, peer] = [addPort(a, 1), addPort(a, 2)];
    const collector = b.vpp.addPort({ name: 'vm3', tag: `net-vpp.port:${portId(3)}`, bridgeDomain: 20 });
    await Promise.all([a.start(), b.start()]);
    const out = { type: 'vxlan', vni: 70001, local: '10.0.0.1', remote: '10.0.0.2' } as const;
    const back = { type: 'vxlan', vni: 70001, local: '10.0.0.2', remote: '10.0.0.1' } as const;
    const atB = await b.wantService(service(1, 3, { inputs: [back] }));
    const revision = await a.wantFlow(flow(1, 1, 1, { target: out }));
    await a.until('tap_flows', flowId(1), revision, 'ACTIVE');
    await b.until('tap_services', serviceId(1), atB, 'ACTIVE');
    copied(source, peer, collector);
    expect(copied(source, peer, collector)).toEqual(exact(traffic.length));
  });
});
