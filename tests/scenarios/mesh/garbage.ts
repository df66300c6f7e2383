import fc from 'fast-check';
import { agentMessages, connect, toVppAddress, toVppMac, VppRetvalError } from 'vpp-api';
import type { Simulator, SimulatorState } from 'vpp-sim';

/** Whose an object pretends to be: one of the taps that are wanted, or one that nobody has heard of. */
type Owner = number | 'stranger';

/** What a switch may hold when an agent comes to it: left by an older run, a crash, a bug, or somebody's hands. */
export type Garbage =
  | {
      readonly is: 'loopback';
      readonly owner: Owner;
      readonly domain: number | null;
      readonly shg: number;
      readonly mirrored: number | null;
      readonly state: 1 | 2 | 3;
    }
  | { readonly is: 'orphan-loopback' }
  | { readonly is: 'domain'; readonly owner: Owner; readonly learn: boolean }
  | {
      readonly is: 'collector';
      /** Which of the two interfaces towards a collector it pretends to be, and whether it is in the bridge domain as such. */
      readonly way: 'collector' | 'unicast';
      readonly takes: 'all' | 'unicast';
      readonly owner: Owner;
      readonly port: number;
      readonly domain: number | null;
    }
  | { readonly is: 'vlan'; readonly vlan: number; readonly domain: number | null }
  | { readonly is: 'tunnel'; readonly vni: number; readonly domain: number | null }
  | { readonly is: 'acl'; readonly owner: Owner; readonly bound: boolean }
  | {
      readonly is: 'ours-deleted' | 'ours-down' | 'ours-out' | 'ours-unmuted' | 'loopback-untagged';
      readonly nth: number;
    }
  | { readonly is: 'mirror-lost'; readonly nth: number };

const nth = fc.nat(20);
const owner = fc.oneof(fc.nat(9), fc.constant('stranger' as const));
const domain = fc.option(nth);

export const garbage: fc.Arbitrary<Garbage> = fc.oneof(
  fc.record({
    is: fc.constant('loopback' as const),
    ...{
      owner,
      domain,
      shg: fc.nat(1),
      mirrored: fc.option(nth),
      state: fc.constantFrom(1 as const, 2 as const, 3 as const),
    },
  }),
  fc.record({ is: fc.constant('orphan-loopback' as const) }),
  fc.record({ is: fc.constant('domain' as const), owner, learn: fc.boolean() }),
  fc.record({
    is: fc.constant('collector' as const),
    way: fc.constantFrom('collector' as const, 'unicast' as const),
    ...{ takes: fc.constantFrom('all' as const, 'unicast' as const), owner, port: nth, domain },
  }),
  fc.record({ is: fc.constant('vlan' as const), vlan: fc.integer({ min: 3900, max: 3999 }), domain }),
  fc.record({ is: fc.constant('tunnel' as const), vni: fc.integer({ min: 70_000, max: 70_010 }), domain }),
  fc.record({ is: fc.constant('acl' as const), owner, bound: fc.boolean() }),
  fc.record({
    is: fc.constantFrom(
      ...(['ours-deleted', 'ours-down', 'ours-out', 'ours-unmuted', 'loopback-untagged', 'mirror-lost'] as const),
    ),
    nth,
  }),
);

export interface TapIdsOfCloud {
  readonly services: readonly string[];
  readonly flows: readonly string[];
}

const none = 0xffffffff;

/** VPP's SUB_IF_API_FLAG_EXACT_MATCH. */
const exactMatch = 16;

/** Puts garbage into a switch over its own API. What the switch refuses (an id that is taken) is left out. */
export async function plant(simulator: Simulator, pieces: readonly Garbage[], ids: TapIdsOfCloud): Promise<void> {
  const messages = agentMessages;
  const vpp = await connect({ socketPath: simulator.socketPath, clientName: 'garbage', messages });
  let serial = 0;
  const nameOf = (of: Owner, all: readonly string[]) => {
    serial += 1;
    const stranger = `99999999-0000-4000-8000-${serial.toString().padStart(12, '0')}`;
    return of === 'stranger' ? stranger : (all[of % Math.max(1, all.length)] ?? stranger);
  };
  const subInterface = async (parent: number, subId: number, flags: number, outer: number, inner: number) => {
    const match = { sub_id: subId, sub_if_flags: flags | exactMatch, outer_vlan_id: outer, inner_vlan_id: inner };
    return (await vpp.request('create_subif', { sw_if_index: parent, ...match })).sw_if_index;
  };
  const oneTag = (parent: number, vlan: number) => subInterface(parent, vlan, 2, vlan, 0);
  const twoTags = (parent: number, inner: number) => subInterface(parent, 4096 + inner, 4, 4095, inner);
  const tag = (index: number, text: string) =>
    vpp.request('sw_interface_tag_add_del', { is_add: text !== '', sw_if_index: index, tag: text });
  const join = async (index: number, which: number | null, shg: number, takes: 'all' | 'unicast' = 'all') => {
    const ours = simulator.dumpState().bridgeDomains.filter((each) => each.tag.startsWith('taas.'));
    const target = which === null ? undefined : ours[which % Math.max(1, ours.length)];
    if (target) await bridge(index, target.id, shg, true);
    if (target && takes === 'unicast') await bridge(index, target.id, shg, true, 2);
    await vpp.request('sw_interface_set_flags', { sw_if_index: index, flags: 1 });
  };
  const bridge = (index: number, id: number, shg: number, enable: boolean, portType: 0 | 2 = 0) =>
    vpp.request('sw_interface_set_l2_bridge', { rx_sw_if_index: index, bd_id: id, port_type: portType, shg, enable });
  const pick = (which: number, from: (each: SimulatorState['interfaces'][number]) => boolean) => {
    const all = simulator.dumpState().interfaces.filter(from);
    return all[which % Math.max(1, all.length)];
  };
  const isPort = (each: { readonly tag: string }) => each.tag.startsWith('net-vpp.port:');
  const isOurs = (each: { readonly tag: string }) => each.tag.startsWith('taas.');
  const isLoopback = (each: { readonly tag: string }) => /^taas\.(entry|flow):/.test(each.tag);

  const one = async (piece: Garbage): Promise<unknown> => {
    switch (piece.is) {
      case 'loopback':
      case 'orphan-loopback': {
        const mac = toVppMac(`02:74:61:00:00:${(++serial).toString(16).padStart(2, '0')}`);
        const made = await vpp.request('create_loopback_instance', {
          ...{ mac_address: mac, is_specified: false, user_instance: none },
        });
        if (piece.is === 'orphan-loopback') return;
        await tag(made.sw_if_index, `taas.flow:${nameOf(piece.owner, ids.flows)}`);
        await join(made.sw_if_index, piece.domain, piece.shg);
        const from = piece.mirrored === null ? undefined : pick(piece.mirrored, isPort);
        if (!from) return;
        return vpp.request('sw_interface_span_enable_disable', {
          ...{ sw_if_index_from: from.swIfIndex, sw_if_index_to: made.sw_if_index, state: piece.state, is_l2: true },
        });
      }
      case 'domain':
        serial += 1;
        return vpp.request('bridge_domain_add_del_v2', {
          ...{ bd_id: 16_000_000 + serial, bd_tag: `taas.service:${nameOf(piece.owner, ids.services)}`, is_add: true },
          ...{ flood: true, uu_flood: true, forward: piece.learn, learn: piece.learn },
          ...{ arp_term: false, arp_ufwd: false, mac_age: 0 },
        });
      case 'collector': {
        const parent = pick(piece.port, isPort);
        if (!parent) return;
        serial += 1;
        // As agents of today make it, and as older ones made it, with any VLAN.
        const vlan = 4096 - serial;
        const index = await (serial % 2 === 0 ? twoTags(parent.swIfIndex, vlan) : oneTag(parent.swIfIndex, vlan));
        await tag(index, `taas.${piece.way}:${nameOf(piece.owner, ids.services)}`);
        return join(index, piece.domain, 0, piece.takes);
      }
      case 'vlan': {
        const uplink = pick(0, (each) => each.tag.startsWith('net-vpp.physnet:'));
        if (!uplink) return;
        const index = await oneTag(uplink.swIfIndex, piece.vlan);
        await tag(index, `taas.vlan:${nameOf('stranger', [])}`);
        return join(index, piece.domain, 1);
      }
      case 'tunnel': {
        const { sw_if_index: index } = await vpp.request('vxlan_add_del_tunnel_v3', {
          ...{ is_add: true, instance: none, src_port: 4789, dst_port: 4789, mcast_sw_if_index: none, encap_vrf_id: 0 },
          ...{ src_address: toVppAddress('10.99.0.1'), dst_address: toVppAddress('10.99.0.77'), vni: piece.vni },
          ...{ decap_next_index: none, is_l3: false },
        });
        await tag(index, `taas.vxlan:${nameOf('stranger', [])}`);
        return join(index, piece.domain, 1);
      }
      case 'acl': {
        const { acl_index: acl } = await vpp.request('acl_add_replace', {
          ...{ acl_index: none, tag: `taas.flow:${nameOf(piece.owner, ids.flows)}`, r: [denyAll] },
        });
        const loopback = piece.bound ? pick(0, isLoopback) : undefined;
        if (!loopback) return;
        return vpp.request('acl_interface_set_acl_list', {
          ...{ sw_if_index: loopback.swIfIndex, n_input: 1, acls: [acl] },
        });
      }
      case 'mirror-lost': {
        const { span } = simulator.dumpState();
        const row = span[piece.nth % Math.max(1, span.length)];
        if (!row) return;
        return vpp.request('sw_interface_span_enable_disable', {
          ...{ sw_if_index_from: row.from, sw_if_index_to: row.to, state: 0, is_l2: true },
        });
      }
      default: {
        const victim = pick(piece.nth, piece.is === 'loopback-untagged' ? isLoopback : isOurs);
        if (!victim) return;
        const { swIfIndex: index } = victim;
        if (piece.is === 'ours-deleted')
          return isLoopback(victim)
            ? vpp.request('delete_loopback', { sw_if_index: index })
            : vpp.request('delete_subif', { sw_if_index: index });
        if (piece.is === 'ours-down') return vpp.request('sw_interface_set_flags', { sw_if_index: index, flags: 0 });
        if (piece.is === 'ours-out') return bridge(index, victim.bridgeDomain ?? 0, 0, false);
        if (piece.is === 'ours-unmuted')
          return vpp.request('l2_flags', { sw_if_index: index, is_set: true, feature_bitmap: 15 });
        return tag(index, '');
      }
    }
  };
  try {
    for (const piece of pieces)
      await one(piece).catch((error: unknown) => {
        if (!(error instanceof VppRetvalError)) throw error;
      });
  } finally {
    await vpp.close();
  }
}

const anyPrefix = { address: toVppAddress('0.0.0.0'), len: 0 };
const denyAll = {
  ...{ is_permit: 0, src_prefix: anyPrefix, dst_prefix: anyPrefix, proto: 0 },
  ...{ srcport_or_icmptype_first: 0, srcport_or_icmptype_last: 65_535 },
  ...{ dstport_or_icmpcode_first: 0, dstport_or_icmpcode_last: 65_535, tcp_flags_mask: 0, tcp_flags_value: 0 },
};
