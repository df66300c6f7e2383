import { macText } from '@taas/packets';
import type { FieldValues } from 'vpp-api';
import type { Prefix } from '../../engine/acl-table.js';
import type { Engine } from '../../engine/engine.js';
import { NO_INDEX } from '../../engine/interface.js';
import type { IpRoute, RouteAnswer } from '../../engine/ip-routes.js';
import { EngineError } from '../../engine/retval.js';
import { type Fields, prefixField } from '../fields.js';
import { dump, type Handlers, read, write } from '../handler.js';

/** Addresses of interfaces, neighbours that need not be asked, and routes of one path. */
export const ipHandlers: Handlers = {
  sw_interface_add_del_address: write((fields, { engine }) => {
    const found = engine.interfaces.get(fields.number('sw_if_index'));
    const { addresses } = engine.ip;
    const { address, length } = fields.prefix('prefix');
    if (fields.flag('del_all')) addresses.removeAll(found);
    else if (fields.flag('is_add')) addresses.add({ interface: found, address, length });
    else addresses.remove(found, address, length);
    return undefined;
  }),
  ip_address_dump: dump((fields, { engine }) =>
    addressDetails(engine, fields.number('sw_if_index'), fields.flag('is_ipv6')),
  ),
  ip_route_add_del: write(
    (fields, { engine }) => {
      const route = fields.struct('route');
      const prefix = route.prefix('prefix');
      if (!fields.flag('is_add')) engine.ip.routes.remove(prefix);
      else engine.ip.routes.add({ prefix, ...pathOf(engine, route, prefix) });
      return { stats_index: 0 };
    },
    { stats_index: 0 },
  ),
  ip_route_lookup: read((fields, { engine }) => {
    const { address } = fields.prefix('prefix');
    return { route: routeField(engine.ip.routes.lookUp(address)) };
  }),
  ip_neighbor_add_del: write(
    (fields, { engine }) => {
      const neighbor = fields.struct('neighbor');
      const found = engine.interfaces.get(neighbor.number('sw_if_index'));
      const address = neighbor.address('ip_address');
      if (fields.flag('is_add')) engine.ip.neighbors.learn(found, address, macText(neighbor.bytes('mac_address')));
      else engine.ip.neighbors.forget(found, address);
      return { stats_index: 0 };
    },
    { stats_index: 0 },
  ),
};

function* addressDetails(engine: Engine, swIfIndex: number, ip6: boolean): Generator<FieldValues> {
  const of = engine.interfaces.find(swIfIndex);
  if (of === undefined) return;
  for (const { address, length } of engine.ip.addresses.ofInterface(of))
    if ((address.length === 16) === ip6) yield { sw_if_index: swIfIndex, prefix: prefixField({ address, length }) };
}

function pathOf(engine: Engine, route: Fields, { address }: Prefix): Pick<IpRoute, 'interface' | 'nextHop'> {
  const [path, ...more] = route.structs('paths');
  if (!path || more.length > 0) throw new EngineError('UNIMPLEMENTED', 'the simulator has routes of one path only');
  const index = path.number('sw_if_index');
  return {
    interface: index === NO_INDEX ? undefined : engine.interfaces.get(index),
    nextHop: path.struct('nh').struct('address').bytes('raw').slice(0, address.length),
  };
}

const PATH = { normal: 0, local: 1, drop: 2 } as const;

function routeField(answer: RouteAnswer): FieldValues {
  const { prefix, type, index, nextHop } = describeRoute(answer);
  const raw = new Uint8Array(16);
  raw.set(nextHop);
  const path = {
    sw_if_index: index,
    table_id: 0,
    rpf_id: 0,
    weight: 1,
    preference: 0,
    type,
    flags: 0,
    proto: prefix.address.length === 4 ? 0 : 1,
    nh: { address: { raw }, via_label: 0, obj_id: 0, classify_table_index: 0 },
    n_labels: 0,
    label_stack: Array.from({ length: 16 }, () => ({ is_uniform: 0, label: 0, ttl: 0, exp: 0 })),
  };
  return { table_id: 0, stats_index: 0, prefix: prefixField(prefix), n_paths: 1, paths: [path] };
}

function describeRoute(answer: RouteAnswer) {
  if (answer.type === 'drop')
    return { prefix: answer.prefix, type: PATH.drop, index: NO_INDEX, nextHop: new Uint8Array(0) };
  if (answer.type === 'local') {
    const { prefix } = answer;
    return { prefix, type: PATH.local, index: answer.interface.swIfIndex, nextHop: prefix.address };
  }
  const { prefix, interface: by, nextHop } = answer.route;
  return { prefix, type: PATH.normal, index: by?.swIfIndex ?? NO_INDEX, nextHop };
}
