import { connectToSwitch, type LabSwitch } from '@taas/lab';

export interface PicturedInterface {
  readonly index: number;
  readonly name: string;
  readonly tag: string;
  readonly up: boolean;
}

export interface PicturedDomain {
  readonly id: number;
  readonly tag: string;
  readonly members: readonly number[];
  /** The interface by which unicast leaves, if it is not flooded. */
  readonly unicast: number | null;
}

/** What a switch holds, read by its API, so that simulator and real VPP are judged alike. */
export interface SwitchPicture {
  readonly interfaces: readonly PicturedInterface[];
  readonly bridgeDomains: readonly PicturedDomain[];
  readonly mirrors: readonly { readonly from: number; readonly to: number }[];
  readonly tunnels: readonly { readonly index: number; readonly vni: number }[];
  readonly acls: readonly string[];
  readonly policers: readonly string[];
}

const every = 0xffff_ffff;
const everyInterface = { sw_if_index: every, name_filter_valid: false, name_filter: '' } as const;
const adminUp = 1;

export async function pictureOfSwitch(lab: LabSwitch): Promise<SwitchPicture> {
  const vpp = await connectToSwitch(lab, 'faults');
  try {
    const interfaces = await vpp.dump('sw_interface_dump', everyInterface);
    const domains = await vpp.dump('bridge_domain_dump', { bd_id: every, sw_if_index: every });
    const mirrors = await vpp.dump('sw_interface_span_dump', { is_l2: true });
    const tunnelDump = vpp.has('vxlan_tunnel_v2_dump') ? 'vxlan_tunnel_v2_dump' : 'vxlan_tunnel_dump';
    const tunnels = await vpp.dump(tunnelDump, { sw_if_index: every });
    const policers = vpp.has('policer_dump_v2') ? await vpp.dump('policer_dump_v2', { policer_index: every }) : [];
    const acls = await vpp.dump('acl_dump', { acl_index: every });
    return {
      interfaces: interfaces.map((each) => ({
        ...{ index: each.sw_if_index, name: each.interface_name, tag: each.tag },
        up: (each.flags & adminUp) !== 0,
      })),
      bridgeDomains: domains.map((each) => ({
        ...{ id: each.bd_id, tag: each.bd_tag },
        members: each.sw_if_details.map((member) => member.sw_if_index),
        unicast: each.uu_fwd_sw_if_index === every ? null : each.uu_fwd_sw_if_index,
      })),
      mirrors: mirrors.map((each) => ({ from: each.sw_if_index_from, to: each.sw_if_index_to })),
      tunnels: tunnels.map((each) => ({ index: each.sw_if_index, vni: each.vni })),
      acls: acls.map((each) => each.tag),
      policers: policers.map((each) => each.name),
    };
  } finally {
    await vpp.close();
  }
}
