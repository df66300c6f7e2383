import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareFrames, readCapture, sampleTraffic, writeCapture } from '@taas/packets';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentMessages, connect, toVppAddress, type VppClient } from 'vpp-api';
import {
  createSimulator,
  frameReader,
  INPUT,
  joinUplinks,
  NO_INDEX,
  RETVAL,
  type Simulator,
  SPAN_STATE,
  TAG_REWRITE,
  withLength,
} from './index.js';

type Client = VppClient<typeof agentMessages>;

const SERVICE = { flood: true, uu_flood: true, forward: false, learn: false, arp_term: false, arp_ufwd: false };

let folder: string;
let opened: (() => Promise<void> | void)[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vpp-sim-'));
  opened = [];
});

afterEach(async () => {
  for (const close of opened.reverse()) await close();
  await rm(folder, { recursive: true, force: true });
});

async function start(name = 'a'): Promise<Simulator> {
  const simulator = await createSimulator({ socketPath: join(folder, `${name}.sock`), name });
  opened.push(() => simulator.stop());
  return simulator;
}

async function client(simulator: Simulator): Promise<Client> {
  const connected = await connect({
    socketPath: simulator.socketPath,
    clientName: 'test',
    messages: agentMessages,
    healthIntervalMs: 0,
  });
  opened.push(() => connected.close());
  return connected;
}

/** The wiring of the design through the API: a flow's loopback, SPAN, and the service bridge domain. */
async function tap(vpp: Client, source: number, state: number): Promise<number> {
  await vpp.request('bridge_domain_add_del_v2', { bd_id: 9000, ...SERVICE, mac_age: 0, bd_tag: 'taas', is_add: true });
  const mac_address = new Uint8Array(6);
  const loop = await vpp.request('create_loopback_instance', { mac_address, is_specified: false, user_instance: 0 });
  const { sw_if_index } = loop;
  await vpp.request('sw_interface_tag_add_del', { is_add: true, sw_if_index, tag: 'taas.flow:1' });
  await vpp.request('sw_interface_set_flags', { sw_if_index, flags: 1 });
  await joinBridge(vpp, sw_if_index, 1);
  const span = { sw_if_index_from: source, sw_if_index_to: sw_if_index, state, is_l2: true };
  await vpp.request('sw_interface_span_enable_disable', span);
  return sw_if_index;
}

async function joinBridge(vpp: Client, index: number, shg: number): Promise<void> {
  const bridge = { rx_sw_if_index: index, bd_id: 9000, port_type: 0, shg, enable: true };
  await vpp.request('sw_interface_set_l2_bridge', bridge);
}

/** A collector's sub-interface, up and in the service bridge domain, through the API. */
async function collectorSub(vpp: Client, parent: number, exactTwoTags = 4 | 16): Promise<number> {
  const { sw_if_index } = await vpp.request('create_subif', {
    ...{ sw_if_index: parent, sub_id: 8190, sub_if_flags: exactTwoTags },
    ...{ outer_vlan_id: 4095, inner_vlan_id: 4094 },
  });
  await vpp.request('sw_interface_set_flags', { sw_if_index, flags: 1 });
  await joinBridge(vpp, sw_if_index, 0);
  return sw_if_index;
}

/**
 * The link between nodes: a sub-interface with tag-rewrite pop 1. Not an exact match, which would not take a copy that has
 * a tag of its own.
 */
async function uplinkSub(vpp: Client, parent: number, vlan: number, shg: number, oneTag = 2): Promise<void> {
  const tags = { sub_id: vlan, sub_if_flags: oneTag, outer_vlan_id: vlan, inner_vlan_id: 0 };
  const { sw_if_index } = await vpp.request('create_subif', { sw_if_index: parent, ...tags });
  await vpp.request('sw_interface_set_flags', { sw_if_index, flags: 1 });
  await joinBridge(vpp, sw_if_index, shg);
  const rewrite = { vtr_op: TAG_REWRITE.POP_1, push_dot1q: 1, tag1: 0, tag2: 0 };
  await vpp.request('l2_interface_vlan_tag_rewrite', { sw_if_index, ...rewrite });
}

async function list<T>(items: Promise<readonly T[]>): Promise<readonly T[]> {
  return await items;
}

describe('a simulator behind its API socket', () => {
  it("answers vpp-api's client, which finds every message the agent uses", async () => {
    const vpp = await client(await start());
    const { version, program } = await vpp.request('show_version', {});
    expect([program, version]).toEqual(['vpe', '26.06-sim']);
    await expect(vpp.request('cli_inband', { cmd: 'show version' })).rejects.toThrow('UNIMPLEMENTED');
  });

  it('carries every copy of a mixed conversation between two nodes, byte by byte', async () => {
    const [near, far] = [await start('near'), await start('far')];
    const source = near.addPort({ name: 'vm1', tag: 'net-vpp.port:1', bridgeDomain: 10 });
    const peer = near.addPort({ name: 'vm2', bridgeDomain: 10 });
    const collector = far.addPort({ name: 'vm3', tag: 'net-vpp.port:3', bridgeDomain: 20 });
    const [up, down] = [near.addUplink({ name: 'up' }), far.addUplink({ name: 'down' })];
    joinUplinks(up, down);
    const [a, b] = [await client(near), await client(far)];
    await tap(a, source.swIfIndex, SPAN_STATE.BOTH);
    await uplinkSub(a, up.swIfIndex, 3900, 0);
    await b.request('bridge_domain_add_del_v2', { bd_id: 9000, ...SERVICE, mac_age: 0, bd_tag: '', is_add: true });
    await uplinkSub(b, down.swIfIndex, 3900, 1);
    await collectorSub(b, collector.swIfIndex);
    const traffic = sampleTraffic({ vmMac: '02:00:00:00:00:01', rounds: 3 });
    for (const { sentByVm, frame } of traffic) (sentByVm ? source : peer).send(frame);
    const compared = compareFrames(
      traffic.map(({ frame }) => frame),
      collector.received,
    );
    expect(compared).toEqual({ matched: traffic.length, lost: [], duplicated: [], foreign: [] });
  });

  it('dumps what was configured', async () => {
    const simulator = await start();
    const port = simulator.addPort({
      name: 'vm1',
      tag: 'net-vpp.port:1',
      bridgeDomain: 10,
      vhostSocket: '/tmp/1',
      mac: '02:00:00:00:00:01',
    });
    const vpp = await client(simulator);
    const loop = await tap(vpp, port.swIfIndex, SPAN_STATE.RX);
    const sub = await collectorSub(vpp, port.swIfIndex);
    const all = { sw_if_index: NO_INDEX, name_filter_valid: false, name_filter: '' };
    const interfaces = await list(vpp.dump('sw_interface_dump', all));
    expect(interfaces.map((each) => [each.interface_name, each.interface_dev_type, each.tag, each.flags])).toEqual([
      ['local0', 'local', '', 0],
      ['vm1', 'vhost-user', 'net-vpp.port:1', 3],
      ['loop0', 'Loopback', 'taas.flow:1', 3],
      ['vm1.8190', 'vhost-user', '', 3],
    ]);
    expect(interfaces[3]).toMatchObject({
      sup_sw_if_index: 1,
      sub_number_of_tags: 2,
      sub_outer_vlan_id: 4095,
      sub_inner_vlan_id: 4094,
      type: 1,
    });
    const bridges = await list(vpp.dump('bridge_domain_dump', { bd_id: 9000, sw_if_index: NO_INDEX }));
    expect(bridges).toHaveLength(1);
    expect(bridges[0]).toMatchObject({ ...SERVICE, bd_tag: 'taas', n_sw_ifs: 2, bvi_sw_if_index: NO_INDEX });
    expect(bridges[0]?.sw_if_details.map((each) => [each.sw_if_index, each.shg])).toEqual([
      [sub, 0],
      [loop, 1],
    ]);
    expect(await list(vpp.dump('bridge_domain_dump', { bd_id: NO_INDEX, sw_if_index: loop }))).toEqual([]);
    expect(await list(vpp.dump('sw_interface_span_dump', { is_l2: true }))).toMatchObject([
      { sw_if_index_from: port.swIfIndex, sw_if_index_to: loop, state: SPAN_STATE.RX, is_l2: true },
    ]);
    const bits = await vpp.request('l2_flags_get', { sw_if_index: port.swIfIndex });
    expect(bits.input_feature_bitmap & INPUT.SPAN).not.toBe(0);
    const vhost = await list(vpp.dump('sw_interface_vhost_user_dump', { sw_if_index: NO_INDEX }));
    expect(vhost.map((each) => each.sock_filename)).toEqual(['/tmp/1']);
  });

  it("refuses with VPP's own errors", async () => {
    const vpp = await client(await start());
    const refused = (name: string) => expect.objectContaining({ message: expect.stringContaining(name) });
    await expect(vpp.request('delete_loopback', { sw_if_index: 77 })).rejects.toEqual(refused('INVALID_SW_IF_INDEX'));
    await expect(vpp.request('l2_flags_get', { sw_if_index: 0 })).rejects.toEqual(refused('INVALID_SW_IF_INDEX'));
    await expect(vpp.request('acl_del', { acl_index: 3 })).rejects.toEqual(refused('NO_SUCH_ENTRY'));
    const bd = { bd_id: 7, ...SERVICE, mac_age: 0, bd_tag: '' };
    await expect(vpp.request('bridge_domain_add_del_v2', { ...bd, is_add: false })).rejects.toEqual(
      refused('NO_SUCH_ENTRY'),
    );
    await vpp.request('bridge_domain_add_del_v2', { ...bd, is_add: true });
    await expect(vpp.request('bridge_domain_add_del_v2', { ...bd, is_add: true })).rejects.toEqual(
      refused('BD_ALREADY_EXISTS'),
    );
  });

  it('makes and lists VXLAN and GRE tunnels and ACLs', async () => {
    const vpp = await client(await start());
    const [src_address, dst_address] = [toVppAddress('10.0.0.1'), toVppAddress('10.0.0.2')];
    const ends = {
      instance: NO_INDEX,
      src_address,
      dst_address,
      src_port: 0,
      dst_port: 0,
      mcast_sw_if_index: NO_INDEX,
    };
    const tunnel = { ...ends, encap_vrf_id: 0, decap_next_index: NO_INDEX, vni: 70001, is_l3: false };
    const made = await vpp.request('vxlan_add_del_tunnel_v3', { is_add: true, ...tunnel });
    const [details] = await list(vpp.dump('vxlan_tunnel_v2_dump', { sw_if_index: NO_INDEX }));
    expect(details).toMatchObject({ sw_if_index: made.sw_if_index, vni: 70001, src_address, dst_port: 4789 });
    const gre = {
      type: 2,
      mode: 0,
      flags: 0,
      session_id: 102,
      instance: NO_INDEX,
      outer_table_id: 0,
      sw_if_index: NO_INDEX,
      src: src_address,
      dst: dst_address,
      key: 0,
    };
    await vpp.request('gre_tunnel_add_del_v2', { is_add: true, tunnel: gre });
    const [greDetails] = await list(vpp.dump('gre_tunnel_v2_dump', { sw_if_index: NO_INDEX }));
    expect(greDetails?.tunnel).toMatchObject({ type: 2, session_id: 102, instance: 0, key: 0 });
    const any = { address: toVppAddress('0.0.0.0'), len: 0 };
    const rule = {
      is_permit: 1,
      src_prefix: any,
      dst_prefix: any,
      proto: 17,
      srcport_or_icmptype_first: 0,
      srcport_or_icmptype_last: 65535,
      dstport_or_icmpcode_first: 53,
      dstport_or_icmpcode_last: 53,
      tcp_flags_mask: 0,
      tcp_flags_value: 0,
    };
    const { acl_index } = await vpp.request('acl_add_replace', { acl_index: NO_INDEX, tag: 'f', r: [rule] });
    const sw_if_index = made.sw_if_index;
    await vpp.request('acl_interface_set_acl_list', { sw_if_index, n_input: 1, acls: [acl_index] });
    expect((await list(vpp.dump('acl_dump', { acl_index: NO_INDEX })))[0]).toMatchObject({ tag: 'f', r: [rule] });
    const bound = await list(vpp.dump('acl_interface_list_dump', { sw_if_index }));
    expect(bound).toMatchObject([{ sw_if_index, count: 1, n_input: 1, acls: [acl_index] }]);
  });

  it('tells of interfaces that come and go to those who asked', async () => {
    const simulator = await start();
    const vpp = await client(simulator);
    await vpp.request('want_interface_events', { enable_disable: 1, pid: 1 });
    const seen: unknown[] = [];
    const deleted = new Promise<void>((resolve) => {
      vpp.on('sw_interface_event', ({ sw_if_index, flags, deleted: gone }) => {
        seen.push([sw_if_index, flags, gone]);
        if (gone) resolve();
      });
    });
    const port = simulator.addPort({ name: 'vm1' });
    await vpp.request('control_ping', {});
    await vpp.request('control_ping', {});
    port.remove();
    await deleted;
    expect(seen).toEqual([
      [1, 3, false],
      [1, 0, true],
    ]);
  });

  it('counts what changes something, and nothing else', async () => {
    const simulator = await start();
    const port = simulator.addPort({ name: 'vm1', bridgeDomain: 10 });
    const vpp = await client(simulator);
    await vpp.request('want_interface_events', { enable_disable: 1, pid: 1 });
    await list(vpp.dump('sw_interface_span_dump', { is_l2: true }));
    await vpp.request('l2_flags_get', { sw_if_index: port.swIfIndex });
    expect(simulator.writes.total).toBe(0);
    await tap(vpp, port.swIfIndex, SPAN_STATE.BOTH);
    expect(simulator.writes).toMatchObject({ total: 6 });
    expect(simulator.writes.byMessage.get('sw_interface_span_enable_disable')).toBe(1);
    simulator.resetWrites();
    expect(simulator.writes.total).toBe(0);
  });

  it('has faults on demand: refused, late, cut off, restarted empty', async () => {
    const simulator = await start();
    const port = simulator.addPort({ name: 'vm1', tag: 'net-vpp.port:1', bridgeDomain: 10 });
    const vpp = await client(simulator);
    const tag = { is_add: true, sw_if_index: port.swIfIndex, tag: 'x' };
    simulator.faults.refuse('sw_interface_tag_add_del', RETVAL.UNSPECIFIED, { times: 1 });
    await expect(vpp.request('sw_interface_tag_add_del', tag)).rejects.toThrow('UNSPECIFIED');
    await vpp.request('sw_interface_tag_add_del', tag);

    // Connected before, since that may take longer on a busy machine than the answer is late.
    const other = await client(simulator);
    simulator.faults.delay('control_ping', 300, { times: 1 });
    const order: string[] = [];
    const late = vpp.request('control_ping', {}).then(() => order.push('late'));
    await other.request('control_ping', {}).then(() => order.push('other client'));
    await vpp.request('show_version', {}).then(() => order.push('behind'));
    await late;
    expect(order).toEqual(['other client', 'late', 'behind']);

    const cut = vpp.request('control_ping', {});
    simulator.faults.dropConnection();
    await expect(cut).rejects.toThrow();
    await client(simulator);

    await simulator.faults.restartEmpty();
    expect(port.alive).toBe(false);
    const again = await client(simulator);
    const all = { sw_if_index: NO_INDEX, name_filter_valid: false, name_filter: '' };
    expect(await list(again.dump('sw_interface_dump', all))).toHaveLength(1);
    expect(simulator.addPort({ name: 'vm1' }).swIfIndex).toBe(port.swIfIndex);
  });

  it('ends the connection of a client that sends nonsense, and serves the others', async () => {
    const simulator = await start();
    const vpp = await client(simulator);
    const socket = connectSocket(simulator.socketPath);
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => undefined);
    socket.write(Buffer.alloc(64, 0xff));
    await closed;
    await vpp.request('control_ping', {});
  });

  it('lets another process be the VM, and replays and captures files', async () => {
    const simulator = await start();
    const [inside, outside] = [simulator.addPort({ name: 'vm1' }), simulator.addPort({ name: 'vm2' })];
    simulator.engine.crossConnect(inside.swIfIndex, outside.swIfIndex);
    simulator.engine.crossConnect(outside.swIfIndex, inside.swIfIndex);
    await simulator.openPortSocket(outside, join(folder, 'vm2.sock'));
    const isLinked = () => simulator.engine.interfaces.get(outside.swIfIndex).linkUp;
    expect(isLinked()).toBe(false);
    const traffic = sampleTraffic({ vmMac: '02:00:00:00:00:01' }).map(({ frame }) => frame);
    await writeCapture(
      join(folder, 'in.pcap'),
      traffic.map((frame) => ({ timeNs: 0n, frame })),
    );
    const socket = connectSocket(join(folder, 'vm2.sock'));
    await new Promise<void>((resolve) => socket.on('connect', () => resolve()));
    opened.push(() => {
      socket.destroy();
    });
    const echoed = new Promise<void>((resolve) => {
      inside.onFrame((frame) => {
        expect(frame).toEqual(traffic[0]);
        resolve();
      });
    });
    const got: Uint8Array[] = [];
    const all = new Promise<void>((resolve) => {
      const read = frameReader((frame) => got.push(frame));
      socket.on('data', (chunk) => {
        read(chunk);
        if (got.length === traffic.length) resolve();
      });
    });
    socket.write(withLength(traffic[0] ?? new Uint8Array(0)));
    await echoed;
    const finish = outside.capture(join(folder, 'out.pcap'));
    expect(await inside.replay(join(folder, 'in.pcap'))).toBe(traffic.length);
    await all;
    expect(got).toEqual(traffic);
    expect(await finish()).toBe(traffic.length);
    expect((await readCapture(join(folder, 'out.pcap'))).map(({ frame }) => frame)).toEqual(traffic);
    expect(isLinked()).toBe(true);
    const gone = new Promise<void>((resolve) => {
      simulator.engine.interfaces.onChange((of, change) => {
        if (of.swIfIndex === outside.swIfIndex && change === 'link-down') resolve();
      });
    });
    socket.destroy();
    await gone;
    expect(isLinked()).toBe(false);
    expect((await readFile(join(folder, 'out.pcap'))).readUInt32LE(0)).toBe(0xa1b23c4d);
  });
});
