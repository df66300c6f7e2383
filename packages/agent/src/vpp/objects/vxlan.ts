import { canonicalAddress, type VxlanSpec, type VxlanStep } from '@taas/wiring';
import { fromVppAddress, toVppAddress } from 'vpp-api';
import { anyIndex } from '../vpp-messages.js';
import { listObjects, replaceListed } from './list-objects.js';
import { nothing, type ReadContext, type SendContext, type Twin } from './twin.js';

export const vxlanTwin: Twin<VxlanStep> = {
  send: {
    'create-vxlan': async (s, context) => (await addOrDelete(context, s, true)).sw_if_index,
    'delete-vxlan': (s, context) => addOrDelete(context, s, false),
  },
  readAll: readTunnels,
  readsLast: false,
  readTouched: readTunnels,
  readTagged: nothing,
  readOn: nothing,
};

const defaults = {
  instance: anyIndex,
  src_port: 4789,
  dst_port: 4789,
  mcast_sw_if_index: anyIndex,
  encap_vrf_id: 0,
  decap_next_index: anyIndex,
  is_l3: false,
} as const;

function addOrDelete({ vpp }: SendContext, { local, remote, vni }: VxlanSpec, isAdd: boolean) {
  const ends = { src_address: toVppAddress(local), dst_address: toVppAddress(remote) };
  return vpp.request('vxlan_add_del_tunnel_v3', { ...defaults, ...ends, is_add: isAdd, vni });
}

async function readTunnels(context: ReadContext): Promise<void> {
  const listed = await listObjects(context, 'vxlan_tunnel_v2_dump', { sw_if_index: anyIndex });
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
