import { macBytes } from '@taas/packets';
import type { FieldValues } from 'vpp-api';
import type { BridgeDomain, Member } from '../../engine/bridge-domain.js';
import type { Engine } from '../../engine/engine.js';
import { NO_INDEX } from '../../engine/interface.js';
import { featuresOfFlags, INPUT } from '../../engine/l2-features.js';
import type { PortType } from '../../engine/l2-mode.js';
import { EngineError } from '../../engine/retval.js';
import type { Fields } from '../fields.js';
import { dump, type Handlers, write } from '../handler.js';

const PORT_TYPES: readonly PortType[] = ['normal', 'bvi', 'uu-fwd'];

/** Bridge domains, their members and their MAC tables. */
export const bridgeHandlers: Handlers = {
  bridge_domain_add_del_v2: write(
    (fields, { engine }) => ({ bd_id: addOrDelete(engine, fields, fields.number('bd_id')) }),
    { bd_id: NO_INDEX },
  ),
  // It chooses no id: "none" is refused, as every id beyond 24 bits.
  bridge_domain_add_del: write((fields, { engine }) => {
    const id = fields.number('bd_id');
    if (id === NO_INDEX) throw new EngineError('INVALID_VALUE', 'a bridge domain must be named');
    addOrDelete(engine, fields, id);
    return undefined;
  }),
  bridge_domain_dump: dump((fields, { engine }) => {
    // VPP does not implement the filter by interface: it answers with nothing.
    if (fields.number('sw_if_index') !== NO_INDEX) return [];
    return bridgeDetails(engine, fields.number('bd_id'));
  }),
  bridge_flags: write(
    (fields, { engine, api }) => {
      const id = fields.number('bd_id');
      if (id === 0) throw new EngineError('BD_NOT_MODIFIABLE', 'bridge domain 0 cannot be changed');
      const bd = engine.bridgeDomains.find(id);
      if (bd === undefined) throw new EngineError('NO_SUCH_ENTRY', `there is no bridge domain ${id}`);
      const features = featuresOfFlags(fields.number('flags'), true);
      bd.features = fields.flag('is_set') ? bd.features | features : bd.features & ~features;
      return { resulting_feature_bitmap: api.input.speak(bd.features) };
    },
    { resulting_feature_bitmap: 0 },
  ),
  sw_interface_set_l2_bridge: write((fields, { engine }) => {
    const index = fields.number('rx_sw_if_index');
    engine.interfaces.get(index);
    const portType = PORT_TYPES[fields.number('port_type')];
    if (portType === undefined) throw new EngineError('INVALID_VALUE', 'there is no such port type');
    if (fields.flag('enable'))
      engine.joinBridge(index, fields.number('bd_id'), { portType, shg: fields.number('shg') });
    else engine.setL3(index);
    return undefined;
  }),
  l2_fib_table_dump: dump((fields, { engine }) => macDetails(engine, fields.number('bd_id'))),
};

function addOrDelete(engine: Engine, fields: Fields, asked: number): number {
  const add = fields.flag('is_add');
  const id = add && asked === NO_INDEX ? engine.bridgeDomains.unusedId() : asked;
  if (!add) engine.bridgeDomains.delete(id);
  else
    engine.bridgeDomains.add(id, {
      learn: fields.flag('learn'),
      forward: fields.flag('forward'),
      flood: fields.flag('flood'),
      uuFlood: fields.flag('uu_flood'),
      arpTerm: fields.flag('arp_term'),
      arpUfwd: fields.flag('arp_ufwd'),
      macAge: fields.number('mac_age'),
      tag: fields.text('bd_tag'),
    });
  return id;
}

function* bridgeDetails(engine: Engine, id: number): Generator<FieldValues> {
  for (const bd of chosen(engine, id)) {
    const has = (feature: number) => (bd.features & feature) !== 0;
    yield {
      bd_id: bd.id,
      flood: has(INPUT.FLOOD),
      uu_flood: has(INPUT.UU_FLOOD),
      forward: has(INPUT.FWD),
      learn: has(INPUT.LEARN),
      arp_term: has(INPUT.ARP_TERM),
      arp_ufwd: has(INPUT.ARP_UFWD),
      mac_age: bd.macAge,
      bd_tag: bd.tag,
      bvi_sw_if_index: bd.bvi,
      uu_fwd_sw_if_index: bd.uuFwd,
      sw_if_details: floodOrder(bd).map(({ interface: { swIfIndex }, shg }) => ({
        context: 0,
        sw_if_index: swIfIndex,
        shg,
      })),
    };
  }
}

function* chosen(engine: Engine, id: number): Generator<BridgeDomain> {
  if (id === NO_INDEX) yield* engine.bridgeDomains.all();
  const found = engine.bridgeDomains.find(id);
  if (found !== undefined) yield found;
}

/** Members in VPP's order: the BVI, interfaces, tunnels, and loopbacks last. */
function floodOrder(bd: BridgeDomain): Member[] {
  const order = ['bvi', 'normal', 'tunnel', 'no-flood'] as const;
  const groups = new Map<string, Member[]>(order.map((name) => [name, []]));
  for (const member of bd.members.values()) groups.get(member.interface.floodClass)?.push(member);
  return [...groups.values()].flat();
}

function* macDetails(engine: Engine, id: number): Generator<FieldValues> {
  for (const bd of chosen(engine, id))
    for (const [mac, entry] of bd.macs)
      yield {
        bd_id: bd.id,
        mac: macBytes(mac),
        sw_if_index: entry.swIfIndex,
        static_mac: entry.isBvi,
        filter_mac: false,
        bvi_mac: entry.isBvi,
      };
}
