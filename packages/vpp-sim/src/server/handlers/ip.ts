import { macText } from '@taas/packets';
import type { FieldValues } from 'vpp-api';
import type { Engine } from '../../engine/engine.js';
import { prefixField } from '../fields.js';
import { dump, type Handlers, write } from '../handler.js';

/** Addresses of interfaces, and neighbours that need not be asked. */
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
