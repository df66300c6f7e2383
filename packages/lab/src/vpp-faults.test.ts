import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock as clock } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentMessages, connect, type VppClient, VppRetvalError } from 'vpp-api';
import { createSimulator, type Simulator } from 'vpp-sim';
import { Relay } from './relay.js';
import { refusableMessages, VppFaults } from './vpp-faults.js';

let directory: string;
let simulator: Simulator;
let relay: Relay;
let faults: VppFaults;
let vpp: VppClient<typeof agentMessages>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'taas-vpp-faults-'));
  simulator = await createSimulator({ socketPath: join(directory, 'api.sock'), name: 'n' });
  faults = new VppFaults();
  const listen = { path: join(directory, 'relayed.sock') };
  relay = await Relay.open({ listen, target: { path: simulator.socketPath }, clock, filter: faults.filter });
  vpp = await connect({ socketPath: listen.path, clientName: 'test', messages: agentMessages });
});
afterEach(async () => {
  await vpp.close();
  await relay.close();
  await simulator.stop();
  rmSync(directory, { recursive: true, force: true });
});

const on = { sw_if_index: 1 } as const;
const nowhere = { af: 0, un: { ip4: new Uint8Array(4) } } as const;
const requests: Readonly<Record<string, () => Promise<unknown>>> = {
  sw_interface_tag_add_del: () => vpp.request('sw_interface_tag_add_del', { ...on, is_add: true, tag: 'x' }),
  sw_interface_set_flags: () => vpp.request('sw_interface_set_flags', { ...on, flags: 1 }),
  create_loopback_instance: () => loopback(),
  delete_loopback: () => vpp.request('delete_loopback', on),
  create_subif: () =>
    vpp.request('create_subif', { ...on, sub_id: 5, sub_if_flags: 0, outer_vlan_id: 5, inner_vlan_id: 0 }),
  delete_subif: () => vpp.request('delete_subif', on),
  l2_interface_vlan_tag_rewrite: () =>
    vpp.request('l2_interface_vlan_tag_rewrite', { ...on, vtr_op: 0, push_dot1q: 0, tag1: 0, tag2: 0 }),
  sw_interface_set_l2_bridge: () =>
    vpp.request('sw_interface_set_l2_bridge', { rx_sw_if_index: 1, bd_id: 5, port_type: 0, shg: 0, enable: true }),
  bridge_domain_add_del_v2: () =>
    vpp.request('bridge_domain_add_del_v2', {
      ...{ bd_id: 5, flood: true, uu_flood: true, forward: true, learn: true, arp_term: false, arp_ufwd: false },
      ...{ mac_age: 0, bd_tag: 'x', is_add: true },
    }),
  sw_interface_span_enable_disable: () =>
    vpp.request('sw_interface_span_enable_disable', { sw_if_index_from: 1, sw_if_index_to: 2, state: 1, is_l2: true }),
  l2_flags: () => vpp.request('l2_flags', { ...on, is_set: true, feature_bitmap: 1 }),
  vxlan_add_del_tunnel_v3: () =>
    vpp.request('vxlan_add_del_tunnel_v3', {
      ...{ is_add: true, instance: 0, src_address: nowhere, dst_address: nowhere, src_port: 0, dst_port: 0 },
      ...{ mcast_sw_if_index: 0, encap_vrf_id: 0, decap_next_index: 0, vni: 5, is_l3: false },
    }),
};
const loopback = () =>
  vpp.request('create_loopback_instance', { mac_address: new Uint8Array(6), is_specified: false, user_instance: 0 });
const loopbacks = () => simulator.dumpState().interfaces.filter(({ name }) => name.startsWith('loop')).length;

describe('requests between an agent and its VPP', () => {
  it('pass when nothing is asked for', async () => {
    expect((await loopback()).retval).toBe(0);
    expect(loopbacks()).toBe(1);
    expect(faults.struck).toBe(0);
  });

  it('are refused without being carried out, as often as asked', async () => {
    faults.fail('create_loopback_instance', 'refused', -7, 2);
    for (let n = 0; n < 2; n++) await expect(loopback()).rejects.toThrow(VppRetvalError);
    expect(loopbacks()).toBe(0);
    await loopback();
    expect(loopbacks()).toBe(1);
    expect(faults.struck).toBe(2);
  });

  it('are carried out and answered with an error', async () => {
    faults.fail('create_loopback_instance', 'lied', -7, 1);
    const all = await Promise.allSettled([
      vpp.request('control_ping', {}),
      loopback(),
      vpp.request('control_ping', {}),
    ]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(loopbacks()).toBe(1);
  });

  it('have answers of the length that VPP gives them', async () => {
    expect(Object.keys(requests).sort()).toEqual([...refusableMessages].sort());
    for (const [message, request] of Object.entries(requests)) {
      faults.fail(message, 'refused', -3, 1);
      await expect(request(), message).rejects.toThrow(VppRetvalError);
    }
    expect(faults.struck).toBe(refusableMessages.length);
    expect((await vpp.request('control_ping', {})).retval).toBe(0);
  });
});
