import type { AclRule, ActualAcl, ActualBridgeDomain, ActualInterface, ActualTunnel } from '@taas/wiring';
import { canonicalAddress } from '@taas/wiring';
import {
  type AgentMessages,
  type DetailsFields,
  fromVppAddress,
  fromVppMac,
  toVppAddress,
  type VppClient,
} from 'vpp-api';

export type Vpp = VppClient<AgentMessages>;
/** VPP's "none" or "all". */
export const anyIndex = 0xffffffff;

export const oneTag = 2;
const exactMatch = 16;
/** 802.1ad, default sub-interface, any outer or inner VLAN. */
const otherMatches = 4 | 8 | 32 | 64 | 128;
const adminUp = 1;

export function toInterface(
  d: DetailsFields<AgentMessages, 'sw_interface_dump'>,
  socket: string | undefined,
): ActualInterface {
  const isSub = d.sup_sw_if_index !== d.sw_if_index;
  const oneTagOnly = d.sub_number_of_tags === 1 && (d.sub_if_flags & (oneTag | otherMatches)) === oneTag;
  const match = !oneTagOnly ? 'other' : (d.sub_if_flags & exactMatch) !== 0 ? 'exact' : 'outer';
  return {
    index: d.sw_if_index,
    name: d.interface_name,
    tag: d.tag,
    supIndex: d.sup_sw_if_index,
    subId: isSub ? d.sub_id : 0,
    vlan: isSub ? { outer: d.sub_outer_vlan_id, match } : null,
    adminUp: (d.flags & adminUp) !== 0,
    mac: fromVppMac(d.l2_address),
    rewrite: d.vtr_op,
    mtu: { packet: d.mtu[0] ?? 0, ip4: d.mtu[1] || (d.mtu[0] ?? 0), ip6: d.mtu[2] || (d.mtu[0] ?? 0) },
    ...(socket === undefined ? {} : { socket }),
  };
}

export function toBridgeDomain(d: DetailsFields<AgentMessages, 'bridge_domain_dump'>): ActualBridgeDomain {
  return {
    id: d.bd_id,
    tag: d.bd_tag,
    flags: { learn: d.learn, forward: d.forward, flood: d.flood, uuFlood: d.uu_flood, arpTerm: d.arp_term },
    members: new Map(d.sw_if_details.map(({ sw_if_index, shg }) => [sw_if_index, shg])),
    unicast: d.uu_fwd_sw_if_index === anyIndex ? null : d.uu_fwd_sw_if_index,
  };
}

export function toTunnel(d: DetailsFields<AgentMessages, 'vxlan_tunnel_v2_dump'>): ActualTunnel {
  return {
    index: d.sw_if_index,
    local: canonicalAddress(fromVppAddress(d.src_address)),
    remote: canonicalAddress(fromVppAddress(d.dst_address)),
    vni: d.vni,
  };
}

type VppRule = DetailsFields<AgentMessages, 'acl_dump'>['r'][number];

export function toAcl(d: DetailsFields<AgentMessages, 'acl_dump'>): ActualAcl {
  return { index: d.acl_index, tag: d.tag, rules: d.r.map(toRule) };
}

function toRule(r: VppRule): AclRule {
  return {
    permit: r.is_permit !== 0,
    source: `${canonicalAddress(fromVppAddress(r.src_prefix.address))}/${r.src_prefix.len}`,
    destination: `${canonicalAddress(fromVppAddress(r.dst_prefix.address))}/${r.dst_prefix.len}`,
    protocol: r.proto,
    sourcePorts: [r.srcport_or_icmptype_first, r.srcport_or_icmptype_last],
    destinationPorts: [r.dstport_or_icmpcode_first, r.dstport_or_icmpcode_last],
  };
}

export function fromRule(rule: AclRule): VppRule {
  return {
    is_permit: rule.permit ? 1 : 0,
    src_prefix: prefix(rule.source),
    dst_prefix: prefix(rule.destination),
    proto: rule.protocol,
    srcport_or_icmptype_first: rule.sourcePorts[0],
    srcport_or_icmptype_last: rule.sourcePorts[1],
    dstport_or_icmpcode_first: rule.destinationPorts[0],
    dstport_or_icmpcode_last: rule.destinationPorts[1],
    tcp_flags_mask: 0,
    tcp_flags_value: 0,
  };
}

function prefix(text: string): VppRule['src_prefix'] {
  const [address = '', length = '0'] = text.split('/');
  return { address: toVppAddress(address), len: Number(length) };
}

/** The ethertypes that pass an interface's input ACLs; a list for what is sent is not ours, and both sides are set at once. */
export function inputEtherTypes(list: { readonly n_input: number; readonly whitelist: readonly number[] }): number[] {
  return list.n_input === list.whitelist.length ? [...list.whitelist].sort((a, b) => a - b) : [];
}
