import type { SubInterfaceStep } from '@taas/wiring';
import { oneTag } from './interface.js';
import { type Twin, unread } from './twin.js';

/** VPP's L2_VTR_POP_1 (vnet/l2/l2_vtr.h). */
const pop1 = 3;

export const subInterfaceTwin: Twin<SubInterfaceStep> = {
  send: {
    'create-vlan': async ({ parent, vlan, match }, { vpp }) => {
      const tags = { outer_vlan_id: vlan, inner_vlan_id: 0 };
      const reply =
        match === 'exact'
          ? await vpp.request('create_vlan_subif', { sw_if_index: parent, vlan_id: vlan })
          : await vpp.request('create_subif', { sw_if_index: parent, sub_id: vlan, sub_if_flags: oneTag, ...tags });
      return reply.sw_if_index;
    },
    'delete-vlan': (s, { vpp, at }) => vpp.request('delete_subif', { sw_if_index: at(s.at) }),
    'set-rewrite': (s, { vpp, at }) =>
      vpp.request('l2_interface_vlan_tag_rewrite', {
        ...{ sw_if_index: at(s.at), vtr_op: s.pop === 1 ? pop1 : 0, push_dot1q: 0, tag1: 0, tag2: 0 },
      }),
  },
  ...unread,
};
