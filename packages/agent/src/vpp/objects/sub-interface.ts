import type { SubInterfaceStep } from '@taas/wiring';
import type { AgentMessages, RequestFields } from 'vpp-api';
import type { Vpp } from '../vpp-messages.js';
import { exactMatch, oneTag, twoTags } from './interface.js';
import { type Twin, unread } from './twin.js';

/** VPP's L2_VTR_POP_1 (vnet/l2/l2_vtr.h). */
const pop1 = 3;

export const subInterfaceTwin: Twin<SubInterfaceStep> = {
  send: {
    'create-vlan': ({ parent, vlan }, { vpp }) =>
      create(vpp, { sw_if_index: parent, sub_id: vlan, sub_if_flags: oneTag, outer_vlan_id: vlan, inner_vlan_id: 0 }),
    'create-two-tags': ({ parent, outer, inner, subId }, { vpp }) =>
      create(vpp, {
        sw_if_index: parent,
        sub_id: subId,
        sub_if_flags: twoTags | exactMatch,
        ...{ outer_vlan_id: outer, inner_vlan_id: inner },
      }),
    'delete-vlan': (s, { vpp, at }) => vpp.request('delete_subif', { sw_if_index: at(s.at) }),
    'set-rewrite': (s, { vpp, at }) =>
      vpp.request('l2_interface_vlan_tag_rewrite', {
        ...{ sw_if_index: at(s.at), vtr_op: s.pop === 1 ? pop1 : 0, push_dot1q: 0, tag1: 0, tag2: 0 },
      }),
  },
  ...unread,
};

async function create(vpp: Vpp, fields: RequestFields<AgentMessages, 'create_subif'>): Promise<number> {
  return (await vpp.request('create_subif', fields)).sw_if_index;
}
