import type { FieldValues } from 'vpp-api';
import type { Engine } from '../../engine/engine.js';
import { GRE_TYPE, type GreSpec } from '../../engine/gre-tunnels.js';
import { NO_INDEX } from '../../engine/interface.js';
import { EngineError } from '../../engine/retval.js';
import type { TunnelSpec } from '../../engine/vxlan-tunnels.js';
import { addressField, type Fields } from '../fields.js';
import { dump, type Handlers, write } from '../handler.js';

const refused = { sw_if_index: NO_INDEX };

/** VXLAN and GRE tunnels. */
export const tunnelHandlers: Handlers = {
  vxlan_add_del_tunnel_v3: write((fields, { engine }) => {
    const spec = vxlanSpec(fields);
    if (fields.flag('is_l3')) throw new EngineError('UNIMPLEMENTED', 'the simulator has no L3 VXLAN tunnels');
    const made = fields.flag('is_add') ? engine.createVxlanTunnel(spec) : engine.deleteVxlanTunnel(spec);
    return { sw_if_index: made.swIfIndex };
  }, refused),
  vxlan_add_del_tunnel: write((fields, { engine }) => {
    const spec = { ...vxlanSpecWithoutPorts(fields), srcPort: VXLAN_PORT, dstPort: VXLAN_PORT };
    const made = fields.flag('is_add') ? engine.createVxlanTunnel(spec) : engine.deleteVxlanTunnel(spec);
    return { sw_if_index: made.swIfIndex };
  }, refused),
  vxlan_tunnel_dump: dump((fields, { engine }) => withoutPorts(vxlanDetails(engine, fields.number('sw_if_index')))),
  vxlan_tunnel_v2_dump: dump((fields, { engine }) => vxlanDetails(engine, fields.number('sw_if_index'))),
  gre_tunnel_add_del: write((fields, { engine }) => addOrDeleteGre(engine, fields, 0), refused),
  gre_tunnel_add_del_v2: write(
    (fields, { engine }) => addOrDeleteGre(engine, fields, fields.struct('tunnel').number('key')),
    refused,
  ),
  gre_tunnel_dump: dump((fields, { engine }) => withoutKeys(greDetails(engine, fields.number('sw_if_index')))),
  gre_tunnel_dump_v2: dump((fields, { engine }) => greDetails(engine, fields.number('sw_if_index'))),
  gre_tunnel_v2_dump: dump((fields, { engine }) => greDetails(engine, fields.number('sw_if_index'))),
};

/** The first version of the message has no key. */
function addOrDeleteGre(engine: Engine, fields: Fields, key: number): FieldValues {
  const spec = { ...greSpec(fields.struct('tunnel')), key };
  const made = fields.flag('is_add') ? engine.createGreTunnel(spec) : engine.deleteGreTunnel(spec);
  return { sw_if_index: made.swIfIndex };
}

const VXLAN_PORT = 4789;

function vxlanSpec(fields: Fields): TunnelSpec {
  const ports = { srcPort: fields.number('src_port'), dstPort: fields.number('dst_port') };
  return { ...vxlanSpecWithoutPorts(fields), ...ports };
}

function vxlanSpecWithoutPorts(fields: Fields): Omit<TunnelSpec, 'srcPort' | 'dstPort'> {
  return {
    instance: instanceOf(fields),
    src: fields.address('src_address'),
    dst: fields.address('dst_address'),
    mcastSwIfIndex: fields.number('mcast_sw_if_index'),
    encapVrfId: fields.number('encap_vrf_id'),
    decapNextIndex: fields.number('decap_next_index'),
    vni: fields.number('vni'),
  };
}

function instanceOf(fields: Fields): number | undefined {
  const instance = fields.number('instance');
  return instance === NO_INDEX ? undefined : instance;
}

/** VPP's own number for "decapsulate into L2", which a request may leave to it. */
const DECAP_TO_L2 = 1;

function* vxlanDetails(engine: Engine, swIfIndex: number): Generator<FieldValues> {
  const only = engine.tunnels.ofInterface(swIfIndex);
  for (const tunnel of swIfIndex === NO_INDEX ? engine.tunnels.all() : only === undefined ? [] : [only])
    yield {
      sw_if_index: tunnel.interface.swIfIndex,
      instance: tunnel.instance,
      src_address: addressField(tunnel.src),
      dst_address: addressField(tunnel.dst),
      src_port: tunnel.srcPort,
      dst_port: tunnel.dstPort,
      mcast_sw_if_index: tunnel.mcastSwIfIndex,
      encap_vrf_id: tunnel.encapVrfId,
      decap_next_index: tunnel.decapNextIndex === NO_INDEX ? DECAP_TO_L2 : tunnel.decapNextIndex,
      vni: tunnel.vni,
    };
}

function* withoutPorts(details: Iterable<FieldValues>): Generator<FieldValues> {
  for (const { src_port: _from, dst_port: _to, ...rest } of details) yield rest;
}

function* withoutKeys(details: Iterable<GreDetails>): Generator<FieldValues> {
  for (const { tunnel } of details) {
    const { key: _key, ...rest } = tunnel;
    yield { tunnel: rest };
  }
}

interface GreDetails extends FieldValues {
  readonly tunnel: FieldValues;
}

function greSpec(fields: Fields): Omit<GreSpec, 'key'> {
  const type = fields.number('type');
  if (type > GRE_TYPE.ERSPAN) throw new EngineError('INVALID_VALUE', `there is no GRE tunnel type ${type}`);
  if (fields.number('mode') !== 0) throw new EngineError('UNIMPLEMENTED', 'the simulator has no multipoint GRE');
  return {
    type,
    instance: instanceOf(fields),
    src: fields.address('src'),
    dst: fields.address('dst'),
    sessionId: fields.number('session_id'),
    outerTableId: fields.number('outer_table_id'),
    flags: fields.number('flags'),
  };
}

function* greDetails(engine: Engine, swIfIndex: number): Generator<GreDetails> {
  const only = engine.gre.ofInterface(swIfIndex);
  for (const tunnel of swIfIndex === NO_INDEX ? engine.gre.all() : only === undefined ? [] : [only])
    yield {
      tunnel: {
        type: tunnel.type,
        mode: 0,
        flags: tunnel.flags,
        session_id: tunnel.type === GRE_TYPE.ERSPAN ? tunnel.sessionId : 0,
        instance: tunnel.instance,
        outer_table_id: tunnel.outerTableId,
        sw_if_index: tunnel.interface.swIfIndex,
        src: addressField(tunnel.src),
        dst: addressField(tunnel.dst),
        key: tunnel.key,
      },
    };
}
