import { connectToSwitch, type LabPort, type LabSwitch } from '@taas/lab';
import { toVppAddress } from 'vpp-api';

const all = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' } as const;
const adminUp = 1;

/**
 * What networking-vpp's agent asks of VPP when it starts beside a VPP that it has configured before: each uplink tagged and up; the
 * ACLs of its security groups replaced in their places; each port into its bridge domain again, its ACLs set again, and up
 * (networking_vpp/agent/server.py: `ensure_network_in_vpp`, `bind_interface_on_host`, `maybe_set_acls_on_port`, `ifup`). Of what it
 * does besides nothing is near anything of ours: ACLs of MAC addresses, and the uplinks' sub-interfaces, which this lab has not.
 * @param evicted as when the interface of a physnet has changed in its configuration: it first takes every port down and out of its
 * network, and deletes the network's bridge domain
 */
export async function restartNetworkingVpp(lab: LabSwitch, ports: readonly LabPort[], evicted = false): Promise<void> {
  const vpp = await connectToSwitch(lab, 'networking-vpp');
  const bridge = (port: LabPort, enable: boolean) =>
    vpp.request('sw_interface_set_l2_bridge', {
      ...{ rx_sw_if_index: port.swIfIndex, bd_id: enable ? port.bridgeDomain : 0, port_type: 0, shg: 0, enable },
    });
  const setFlags = (sw_if_index: number, flags: number) =>
    vpp.request('sw_interface_set_flags', { sw_if_index, flags });
  try {
    const any = { address: toVppAddress('0.0.0.0'), len: 0 };
    const interfaces = await vpp.dump('sw_interface_dump', all);
    if (evicted) {
      for (const port of ports) await setFlags(port.swIfIndex, 0);
      for (const port of ports) await bridge(port, false);
      for (const bd_id of new Set(ports.map(({ bridgeDomain }) => bridgeDomain))) await deleteDomain(vpp, bd_id);
    }
    for (const { tag, sw_if_index } of interfaces)
      if (tag.startsWith('net-vpp.physnet:')) {
        await vpp.request('sw_interface_tag_add_del', { is_add: true, sw_if_index, tag });
        await setFlags(sw_if_index, adminUp);
      }
    const permit = {
      ...{ is_permit: 1, src_prefix: any, dst_prefix: any, proto: 0, tcp_flags_mask: 0, tcp_flags_value: 0 },
      ...{ srcport_or_icmptype_first: 0, srcport_or_icmptype_last: 65535 },
      ...{ dstport_or_icmpcode_first: 0, dstport_or_icmpcode_last: 65535 },
    };
    const known = (await vpp.dump('acl_dump', { acl_index: 0xffffffff })).find(({ tag }) => tag === groupTag);
    const group = { acl_index: known?.acl_index ?? 0xffffffff, tag: groupTag, r: [permit] };
    const { acl_index } = await vpp.request('acl_add_replace', group);
    for (const port of ports) {
      await bridge(port, true);
      const acls = { n_input: 1, acls: [acl_index, acl_index] };
      await vpp.request('acl_interface_set_acl_list', { sw_if_index: port.swIfIndex, ...acls });
      await setFlags(port.swIfIndex, adminUp);
    }
  } finally {
    await vpp.close();
  }
}

const groupTag = 'net-vpp.secgroup:all.from-vpp';

async function deleteDomain(vpp: Awaited<ReturnType<typeof connectToSwitch>>, bd_id: number): Promise<void> {
  const flags = {
    flood: true,
    uu_flood: true,
    forward: true,
    learn: true,
    arp_term: false,
    arp_ufwd: false,
    mac_age: 0,
  };
  const domain = { bd_id, ...flags, bd_tag: '', is_add: false };
  if (vpp.has('bridge_domain_add_del_v2')) await vpp.request('bridge_domain_add_del_v2', domain);
  else await vpp.request('bridge_domain_add_del', domain);
}

/**
 * The messages by which it changes VPP at a restart (`tests/networking-vpp` compares them with the real one's). Those of `left` are not
 * played: ACLs of MAC addresses, which nothing of ours comes near.
 */
export const restartMessages = {
  played: [
    'acl_add_replace',
    'acl_interface_set_acl_list',
    'sw_interface_set_flags',
    'sw_interface_set_l2_bridge',
    'sw_interface_tag_add_del',
  ],
  left: ['macip_acl_add', 'macip_acl_del', 'macip_acl_interface_add_del'],
} as const;

/** All of ours in a switch: interfaces, bridge domains with their members, mirrors. */
export async function ourObjects(lab: Pick<LabSwitch, 'apiSocket' | 'apiFolders'>): Promise<readonly string[]> {
  const vpp = await connectToSwitch(lab, 'scenario');
  try {
    const interfaces = await vpp.dump('sw_interface_dump', all);
    const ours = interfaces.filter(({ tag }) => tag.startsWith('taas.'));
    const domains = await vpp.dump('bridge_domain_dump', { bd_id: 0xffffffff, sw_if_index: 0xffffffff });
    const members = (details: readonly { readonly sw_if_index: number; readonly shg: number }[]) =>
      details.map(({ sw_if_index, shg }) => `${sw_if_index}/${shg}`).sort();
    return [
      ...ours.map(({ sw_if_index, interface_name, tag, flags }) => `${sw_if_index} ${interface_name} ${tag} ${flags}`),
      ...domains
        .filter(({ bd_tag }) => bd_tag.startsWith('taas.'))
        .map(({ bd_id, bd_tag, sw_if_details }) => `${bd_id} ${bd_tag} ${members(sw_if_details)}`),
      ...(await vpp.dump('sw_interface_span_dump', { is_l2: true })).map(
        ({ sw_if_index_from, sw_if_index_to, state }) => `mirror ${sw_if_index_from} ${sw_if_index_to} ${state}`,
      ),
    ].sort();
  } finally {
    await vpp.close();
  }
}
