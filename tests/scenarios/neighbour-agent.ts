import { connectToSwitch, type LabPort, type LabSwitch } from '@taas/lab';
import { toVppAddress } from 'vpp-api';

const all = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' } as const;
const adminUp = 1;

/**
 * What networking-vpp's agent asks of VPP when it starts beside a VPP that it has configured before: each uplink up; each port
 * into its bridge domain again, its security groups' ACLs set again, and up (networking_vpp/agent/server.py:
 * `ensure_network_in_vpp`, `bind_interface_on_host`, `maybe_set_acls_on_port`, `ifup`).
 * @param evicted as when the configuration of its uplinks has changed: it first takes every port out of its network
 */
export async function restartNetworkingVpp(lab: LabSwitch, ports: readonly LabPort[], evicted = false): Promise<void> {
  const vpp = await connectToSwitch(lab, 'networking-vpp');
  const bridge = (port: LabPort, enable: boolean) =>
    vpp.request('sw_interface_set_l2_bridge', {
      ...{ rx_sw_if_index: port.swIfIndex, bd_id: enable ? port.bridgeDomain : 0, port_type: 0, shg: 0, enable },
    });
  const up = (sw_if_index: number) => vpp.request('sw_interface_set_flags', { sw_if_index, flags: adminUp });
  try {
    const any = { address: toVppAddress('0.0.0.0'), len: 0 };
    const interfaces = await vpp.dump('sw_interface_dump', all);
    if (evicted) for (const port of ports) await bridge(port, false);
    for (const { tag, sw_if_index } of interfaces) if (tag.startsWith('net-vpp.physnet:')) await up(sw_if_index);
    const permit = {
      ...{ is_permit: 1, src_prefix: any, dst_prefix: any, proto: 0, tcp_flags_mask: 0, tcp_flags_value: 0 },
      ...{ srcport_or_icmptype_first: 0, srcport_or_icmptype_last: 65535 },
      ...{ dstport_or_icmpcode_first: 0, dstport_or_icmpcode_last: 65535 },
    };
    const group = { acl_index: 0xffffffff, tag: 'net-vpp.secgroup:all.from-vpp', r: [permit] };
    const { acl_index } = await vpp.request('acl_add_replace', group);
    for (const port of ports) {
      await bridge(port, true);
      const acls = { n_input: 1, acls: [acl_index, acl_index] };
      await vpp.request('acl_interface_set_acl_list', { sw_if_index: port.swIfIndex, ...acls });
      await up(port.swIfIndex);
    }
  } finally {
    await vpp.close();
  }
}

/** All of ours in a switch: interfaces, bridge domains with their members, mirrors. */
export async function ourObjects(lab: LabSwitch): Promise<readonly string[]> {
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
