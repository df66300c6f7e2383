import { canonicalAddress, type VxlanSpec, type VxlanStep } from '@taas/wiring';
import { fromVppAddress, toVppAddress, type VppAddress } from 'vpp-api';
import { Alternatives, handler } from '../alternatives.js';
import { anyIndex } from '../vpp-messages.js';
import { type Listed, listObjects, replaceListed } from './list-objects.js';
import { nothing, type ReadContext, type Twin } from './twin.js';

interface VxlanTunnels {
  addOrDelete(spec: VxlanSpec, isAdd: boolean): Promise<{ readonly sw_if_index: number }>;
  list(context: ReadContext): Promise<Listed<Details>>;
}

interface Details {
  readonly sw_if_index: number;
  readonly src_address: VppAddress;
  readonly dst_address: VppAddress;
  readonly vni: number;
}

const defaults = {
  instance: anyIndex,
  mcast_sw_if_index: anyIndex,
  encap_vrf_id: 0,
  decap_next_index: anyIndex,
} as const;
const all = { sw_if_index: anyIndex } as const;

/** From 21.06 on; before, where the UDP ports are VPP's to choose, and are what we choose. */
export const vxlanTunnels = new Alternatives<VxlanTunnels>('VXLAN tunnels', [
  handler(['vxlan_add_del_tunnel_v3', 'vxlan_tunnel_v2_dump'], (vpp) => ({
    addOrDelete: (spec, is_add) =>
      vpp.request('vxlan_add_del_tunnel_v3', {
        ...{ ...defaults, src_port: 4789, dst_port: 4789, is_l3: false },
        ...{ ...endsOf(spec), is_add },
      }),
    list: (context) => listObjects({ ...context, vpp }, 'vxlan_tunnel_v2_dump', all),
  })),
  handler(['vxlan_add_del_tunnel', 'vxlan_tunnel_dump'], (vpp) => ({
    addOrDelete: (spec, is_add) => vpp.request('vxlan_add_del_tunnel', { ...defaults, ...endsOf(spec), is_add }),
    list: (context) => listObjects({ ...context, vpp }, 'vxlan_tunnel_dump', all),
  })),
]);

function endsOf({ local, remote, vni }: VxlanSpec) {
  return { src_address: toVppAddress(local), dst_address: toVppAddress(remote), vni };
}

export const vxlanTwin: Twin<VxlanStep> = {
  send: {
    'create-vxlan': async (s, { vpp }) => (await vxlanTunnels.of(vpp).addOrDelete(s, true)).sw_if_index,
    'delete-vxlan': (s, { vpp }) => vxlanTunnels.of(vpp).addOrDelete(s, false),
  },
  needs: [vxlanTunnels],
  readAll: readTunnels,
  readsLast: false,
  readTouched: readTunnels,
  readTagged: nothing,
  readOn: nothing,
};

async function readTunnels(context: ReadContext): Promise<void> {
  const listed = await vxlanTunnels.of(context.vpp).list(context);
  replaceListed(context, context.snapshot.vxlans, listed, {
    what: 'VXLAN tunnel',
    key: ({ sw_if_index }) => sw_if_index,
    row: ({ sw_if_index: index, src_address, dst_address, vni }) => {
      const local = canonicalAddress(fromVppAddress(src_address));
      const remote = canonicalAddress(fromVppAddress(dst_address));
      return { index, local, remote, vni };
    },
  });
}
