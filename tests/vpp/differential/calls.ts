import { macBytes } from '@taas/packets';
import { toVppAddress } from 'vpp-api';
import { type CallStep, call, of, type Ref } from './step.js';

/** `~0`: VPP's "none" and "all". */
export const NONE = 0xffff_ffff;

/** What SPAN copies: what the port's VM sends (rx), what it is sent (tx). */
export const SPAN = { off: 0, rx: 1, tx: 2, both: 3 } as const;

/** Bits of `sub_if_flags`. */
export const SUB = { oneTag: 2, twoTags: 4, exact: 16, anyInner: 128, default: 32 } as const;

/** An interface's name, or an index as it is: of something that is not there. */
export type Which = string | number;

export function which(name: Which): Ref | number {
  return typeof name === 'string' ? of(name) : name;
}

export function loopback(name: string): CallStep {
  return call(
    'create_loopback_instance',
    { mac_address: new Uint8Array(6), is_specified: false, user_instance: 0 },
    name,
  );
}

export function deleteLoopback(name: Which): CallStep {
  return call('delete_loopback', { sw_if_index: which(name) });
}

export function vlan(name: string, parent: Which, id: number): CallStep {
  return call('create_vlan_subif', { sw_if_index: which(parent), vlan_id: id }, name);
}

export function sub(name: string, parent: Which, flags: number, outer: number, inner = 0, subId = outer): CallStep {
  return call(
    'create_subif',
    {
      sw_if_index: which(parent),
      sub_id: subId,
      sub_if_flags: flags,
      outer_vlan_id: outer,
      inner_vlan_id: inner,
    },
    name,
  );
}

export function deleteSub(name: Which): CallStep {
  return call('delete_subif', { sw_if_index: which(name) });
}

export function up(name: Which): CallStep {
  return call('sw_interface_set_flags', { sw_if_index: which(name), flags: 1 });
}

export function down(name: Which): CallStep {
  return call('sw_interface_set_flags', { sw_if_index: which(name), flags: 0 });
}

export function tag(name: Which, text: string): CallStep {
  return call('sw_interface_tag_add_del', { is_add: true, sw_if_index: which(name), tag: text });
}

const asAService = { learn: false, forward: false, flood: true, uu_flood: true, arp_term: false, arp_ufwd: false };

/** A bridge domain; unless told otherwise it floods and does nothing else, as a tap service's. */
export function bridgeDomain(id: number, features: Partial<typeof asAService> = {}): CallStep {
  const fields = { ...asAService, ...features, bd_id: id, mac_age: 0, bd_tag: `bd ${id}`, is_add: true };
  return call('bridge_domain_add_del_v2', fields);
}

export function deleteBridgeDomain(id: number): CallStep {
  return call('bridge_domain_add_del_v2', { ...asAService, bd_id: id, mac_age: 0, bd_tag: '', is_add: false });
}

/** How an interface is a member of a bridge domain. */
export const MEMBER = { normal: 0, bvi: 1, unknownUnicast: 2 } as const;

export function join(name: Which, bdId: number, shg = 0, portType: 0 | 1 | 2 = MEMBER.normal): CallStep {
  return call('sw_interface_set_l2_bridge', {
    rx_sw_if_index: which(name),
    bd_id: bdId,
    port_type: portType,
    shg,
    enable: true,
  });
}

/** Out of L2 mode. */
export function leave(name: Which, bdId = 0): CallStep {
  const fields = { rx_sw_if_index: which(name), bd_id: bdId, port_type: MEMBER.normal, shg: 0, enable: false } as const;
  return call('sw_interface_set_l2_bridge', fields);
}

export function crossConnect(from: Which, to: Which, enable = true): CallStep {
  const fields = { rx_sw_if_index: which(from), tx_sw_if_index: which(to), enable };
  return call('sw_interface_set_l2_xconnect', fields);
}

export function span(from: Which, to: Which, state: number, isL2 = true): CallStep {
  return call('sw_interface_span_enable_disable', {
    sw_if_index_from: which(from),
    sw_if_index_to: which(to),
    state,
    is_l2: isL2,
  });
}

/** Tag rewrite: 0 none, 1 and 2 push, 3 and 4 pop, 5 to 8 translate. */
export function rewrite(name: Which, operation: number, tag1 = 0, tag2 = 0): CallStep {
  return call('l2_interface_vlan_tag_rewrite', {
    sw_if_index: which(name),
    vtr_op: operation,
    push_dot1q: 1,
    tag1,
    tag2,
  });
}

/** Bits of `l2_flags`: what a member of a bridge domain does with what comes in by it. */
export const FLAG = { learn: 1, forward: 2, flood: 4, unknownFlood: 8, arpTerm: 16 } as const;

export function flags(name: Which, bits: number, isSet: boolean): CallStep {
  return call('l2_flags', { sw_if_index: which(name), is_set: isSet, feature_bitmap: bits });
}

const anywhere = { address: toVppAddress('0.0.0.0'), len: 0 };

/** A rule for UDP over IPv4 to a range of ports. */
export function udpRule(isPermit: boolean, first = 0, last = 65_535) {
  return {
    is_permit: isPermit ? 1 : 0,
    src_prefix: anywhere,
    dst_prefix: anywhere,
    proto: 17,
    srcport_or_icmptype_first: 0,
    srcport_or_icmptype_last: 65_535,
    dstport_or_icmpcode_first: first,
    dstport_or_icmpcode_last: last,
    tcp_flags_mask: 0,
    tcp_flags_value: 0,
  } as const;
}

export type Rule = ReturnType<typeof udpRule>;

/** A new ACL. */
export function acl(name: string, rules: readonly Rule[]): CallStep {
  return call('acl_add_replace', { acl_index: NONE, tag: name, r: rules }, name);
}

export function replaceAcl(name: Which, rules: readonly Rule[]): CallStep {
  return call('acl_add_replace', { acl_index: which(name), tag: 'replaced', r: rules });
}

export function deleteAcl(name: Which): CallStep {
  return call('acl_del', { acl_index: which(name) });
}

export function bindAcls(name: Which, input: readonly Which[], output: readonly Which[] = []): CallStep {
  const acls = [...input, ...output].map(which);
  return call('acl_interface_set_acl_list', { sw_if_index: which(name), n_input: input.length, acls });
}

export interface VxlanEnds {
  readonly vni: number;
  readonly src?: string;
  readonly dst?: string;
  readonly instance?: number;
  readonly vrf?: number;
}

/** A VXLAN tunnel, by default from 10.0.0.1 to 10.0.0.2. */
export function vxlan(name: string, ends: VxlanEnds, isAdd = true): CallStep {
  const fields = {
    is_add: isAdd,
    instance: ends.instance ?? NONE,
    src_address: toVppAddress(ends.src ?? '10.0.0.1'),
    dst_address: toVppAddress(ends.dst ?? '10.0.0.2'),
    src_port: 0,
    dst_port: 0,
    mcast_sw_if_index: NONE,
    encap_vrf_id: ends.vrf ?? 0,
    decap_next_index: NONE,
    vni: ends.vni,
    is_l3: false,
  };
  return isAdd ? call('vxlan_add_del_tunnel_v3', fields, name) : call('vxlan_add_del_tunnel_v3', fields);
}

/** GRE tunnel types. */
export const GRE = { ip: 0, ethernet: 1, erspan: 2 } as const;

export interface GreEnds {
  readonly type: 0 | 1 | 2;
  readonly session?: number;
  readonly key?: number;
  readonly src?: string;
  readonly dst?: string;
  readonly table?: number;
}

/** A GRE tunnel, by default from 10.0.0.1 to 10.0.0.2. */
export function gre(name: string, ends: GreEnds, isAdd = true): CallStep {
  const tunnel = {
    type: ends.type,
    mode: 0,
    flags: 0,
    session_id: ends.session ?? 0,
    key: ends.key ?? 0,
    instance: NONE,
    outer_table_id: ends.table ?? 0,
    sw_if_index: NONE,
    src: toVppAddress(ends.src ?? '10.0.0.1'),
    dst: toVppAddress(ends.dst ?? '10.0.0.2'),
  } as const;
  const fields = { is_add: isAdd, tunnel };
  return isAdd ? call('gre_tunnel_add_del_v2', fields, name) : call('gre_tunnel_add_del_v2', fields);
}

export function address(name: Which, ip: string, length: number): CallStep {
  const prefix = { address: toVppAddress(ip), len: length };
  return call('sw_interface_add_del_address', { sw_if_index: which(name), is_add: true, del_all: false, prefix });
}

export function neighbor(name: Which, ip: string, mac: string): CallStep {
  const entry = {
    sw_if_index: which(name),
    flags: 1,
    mac_address: macBytes(mac),
    ip_address: toVppAddress(ip),
  } as const;
  return call('ip_neighbor_add_del', { is_add: true, neighbor: entry });
}

/** MTU of what an interface carries in L3 mode, and of the whole packets of a tunnel. */
export function setMtu(name: Which, bytes: number): CallStep {
  return call('sw_interface_set_mtu', { sw_if_index: which(name), mtu: [bytes, 0, 0, 0] });
}

export function wantEvents(enable: boolean): CallStep {
  return call('want_interface_events', { enable_disable: enable ? 1 : 0, pid: 7 });
}

interface PolicerRate {
  readonly kbps: number;
  /** Bytes, or with a rate in packets milliseconds. */
  readonly burst: number;
  /** The rate is in packets/s. */
  readonly inPackets?: boolean;
}

function policerInfos({ kbps, burst, inPackets = false }: PolicerRate) {
  const drop = { type: 0, dscp: 0 } as const;
  return {
    ...{ cir: kbps, eir: 0, cb: BigInt(burst), eb: 0n, rate_type: inPackets ? 1 : 0, round_type: 0, type: 0 },
    ...{ color_aware: false, conform_action: { type: 1, dscp: 0 }, exceed_action: drop, violate_action: drop },
  };
}

/** The scenario's name for it, as VPP knows it: with a tag's prefix, as the agent names its own. */
const policerName = (name: string): string => `taas.flow:${name}`;

export function policer(name: string, rate: PolicerRate): CallStep {
  return call('policer_add', { name: policerName(name), infos: policerInfos(rate) }, name);
}

export function updatePolicer(name: Which, rate: PolicerRate): CallStep {
  return call('policer_update', { policer_index: which(name), infos: policerInfos(rate) });
}

export function deletePolicer(name: string): CallStep {
  return call('policer_add_del', {
    is_add: false,
    name: policerName(name),
    ...policerInfos({ kbps: 0, burst: 0 }),
  });
}

const table = { skip_n_vectors: 0, current_data_flag: 0, current_data_offset: 0, miss_next_index: NONE } as const;

/** A classifier table of one vector that looks at no bit. */
export function matchAll(name: string): CallStep {
  const size = { nbuckets: 2, memory_size: 0x40000, match_n_vectors: 1, mask: new Uint8Array(16) };
  const fields = { ...table, ...size, is_add: true, del_chain: false, table_index: NONE, next_table_index: NONE };
  return call('classify_add_del_table', fields, name);
}

export function deleteTable(name: Which): CallStep {
  const size = { nbuckets: 0, memory_size: 0, match_n_vectors: 0, mask: new Uint8Array() };
  const fields = { ...table, ...size, is_add: false, del_chain: false, next_table_index: NONE };
  return call('classify_add_del_table', { ...fields, table_index: which(name) });
}

/** Every frame that the table is asked about goes to the policer. */
export function toPolicer(tableName: Which, policerRef: Which): CallStep {
  return call('classify_add_del_session', {
    ...{ is_add: true, opaque_index: 7, advance: 0, action: 0, metadata: 0, match: new Uint8Array(16) },
    table_index: which(tableName),
    hit_next_index: which(policerRef),
  });
}

export function attachPolicing(name: Which, tableName: Which, isAdd = true): CallStep {
  const tables = { ip4_table_index: NONE, ip6_table_index: NONE, l2_table_index: which(tableName) };
  return call('policer_classify_set_interface', { sw_if_index: which(name), ...tables, is_add: isAdd });
}

export function detachPolicing(name: Which, tableName: Which): CallStep {
  return attachPolicing(name, tableName, false);
}
