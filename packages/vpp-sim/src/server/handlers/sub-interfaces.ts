import { NO_INDEX } from '../../engine/interface.js';
import { type Handlers, write } from '../handler.js';
import { subInterfaceMatch } from './sub-interface-flags.js';

const refused = { sw_if_index: NO_INDEX };

/** VLAN sub-interfaces and what they do with tags. */
export const subInterfaceHandlers: Handlers = {
  create_vlan_subif: write((fields, { engine }) => {
    const created = engine.createVlanSubInterface(fields.number('sw_if_index'), fields.number('vlan_id'));
    return { sw_if_index: created.swIfIndex };
  }, refused),
  create_subif: write((fields, { engine }) => {
    const match = subInterfaceMatch(
      fields.number('sub_id'),
      fields.number('sub_if_flags'),
      fields.number('outer_vlan_id'),
      fields.number('inner_vlan_id'),
    );
    return { sw_if_index: engine.createSubInterface(fields.number('sw_if_index'), match).swIfIndex };
  }, refused),
  delete_subif: write((fields, { engine }) => {
    engine.deleteSubInterface(fields.number('sw_if_index'));
    return undefined;
  }),
  l2_interface_vlan_tag_rewrite: write((fields, { engine }) => {
    engine.rewriteTags(
      fields.number('sw_if_index'),
      fields.number('vtr_op'),
      fields.number('push_dot1q'),
      fields.number('tag1'),
      fields.number('tag2'),
    );
    return undefined;
  }),
};
