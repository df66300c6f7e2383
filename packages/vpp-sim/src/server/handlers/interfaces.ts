import type { FieldValues } from 'vpp-api';
import type { Engine } from '../../engine/engine.js';
import { DEFAULT_MTU, hardwareOf, type Interface, NO_INDEX } from '../../engine/interface.js';
import { EngineError } from '../../engine/retval.js';
import { dump, type Handlers, write } from '../handler.js';
import { subInterfaceFlags } from './sub-interface-flags.js';

const ADMIN_UP = 1;
const LINK_UP = 2;
const NO_MAC = new Uint8Array(6);
/** What VPP leaves to what a GRE tunnel carries. */
const GRE_MTU = 8998;

/** Interfaces: their list, tags, state, and loopbacks. */
export const interfaceHandlers: Handlers = {
  sw_interface_dump: dump((fields, { engine }) => {
    const filter = fields.flag('name_filter_valid') ? fields.text('name_filter').toLowerCase() : undefined;
    return interfaceDetails(engine, fields.number('sw_if_index'), filter);
  }),
  sw_interface_tag_add_del: write((fields, { engine }) => {
    const found = engine.interfaces.get(fields.number('sw_if_index'));
    const tag = fields.text('tag');
    if (fields.flag('is_add') && tag === '') throw new EngineError('INVALID_VALUE', 'the tag is empty');
    found.tag = fields.flag('is_add') ? tag : '';
    return undefined;
  }),
  sw_interface_set_flags: write((fields, { engine }) => {
    const found = engine.interfaces.get(fields.number('sw_if_index'));
    engine.interfaces.setAdmin(found, (fields.number('flags') & ADMIN_UP) !== 0);
    return undefined;
  }),
  sw_interface_set_mtu: write((fields, { engine }) => {
    const [packet = 0] = fields.numbers('mtu');
    engine.interfaces.get(fields.number('sw_if_index')).mtu = packet;
    return undefined;
  }),
  create_loopback: write(
    (fields, { engine }) => ({ sw_if_index: engine.createLoopback(fields.bytes('mac_address')).swIfIndex }),
    { sw_if_index: NO_INDEX },
  ),
  create_loopback_instance: write(
    (fields, { engine }) => {
      const instance = fields.flag('is_specified') ? fields.number('user_instance') : undefined;
      return { sw_if_index: engine.createLoopback(fields.bytes('mac_address'), instance).swIfIndex };
    },
    { sw_if_index: NO_INDEX },
  ),
  delete_loopback: write((fields, { engine }) => {
    engine.deleteLoopback(fields.number('sw_if_index'));
    return undefined;
  }),
};

/** One interface by index, or those whose name contains `filter`. Index 0 means all, as VPP has it. */
function* interfaceDetails(engine: Engine, swIfIndex: number, filter: string | undefined): Generator<FieldValues> {
  if (filter === undefined && swIfIndex !== NO_INDEX && swIfIndex !== 0) {
    const found = engine.interfaces.find(swIfIndex);
    if (found !== undefined) yield details(engine, found);
    return;
  }
  for (const found of engine.interfaces.all())
    if (filter === undefined || found.name.toLowerCase().includes(filter)) yield details(engine, found);
}

function details(engine: Engine, of: Interface): FieldValues {
  const wire = hardwareOf(of);
  const rewrite = engine.l2.find(of.swIfIndex)?.rewrite;
  const pushes = rewrite?.input.push.length ?? 0;
  return {
    sw_if_index: of.swIfIndex,
    sup_sw_if_index: wire.swIfIndex,
    l2_address: of.parent === undefined ? of.mac : NO_MAC,
    flags: (of.adminUp ? ADMIN_UP : 0) | (wire.linkUp ? LINK_UP : 0),
    type: of.parent === undefined ? 0 : 1,
    link_duplex: 0,
    link_speed: 0,
    link_mtu: of.kind === 'local' ? 0 : of.kind === 'gre' ? GRE_MTU : DEFAULT_MTU,
    mtu: [of.mtu, 0, 0, 0],
    sub_id: of.match?.subId ?? 0,
    sub_number_of_tags: of.match?.tagCount ?? 0,
    sub_outer_vlan_id: of.match?.outerVlan ?? 0,
    sub_inner_vlan_id: of.match?.innerVlan ?? 0,
    sub_if_flags: of.match === undefined ? 0 : subInterfaceFlags(of.match),
    vtr_op: rewrite?.op ?? 0,
    // VPP reads the request back from what it does: tags that are not pushed are gone.
    vtr_push_dot1q: pushes > 0 ? (rewrite?.pushDot1q ?? 0) : 0,
    vtr_tag1: pushes > 0 ? (rewrite?.tag1 ?? 0) : 0,
    vtr_tag2: pushes > 1 ? (rewrite?.tag2 ?? 0) : 0,
    outer_tag: 0,
    b_dmac: NO_MAC,
    b_smac: NO_MAC,
    b_vlanid: 0,
    i_sid: 0,
    interface_name: of.name,
    interface_dev_type: of.deviceType,
    tag: of.tag,
  };
}
