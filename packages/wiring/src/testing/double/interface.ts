import { findPort, isPort } from '../../find-interface.js';
import type { InterfaceStep } from '../../objects/interface.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const interfaceDouble = (world: DoubleWorld): Double<InterfaceStep> => ({
  'check-port': ({ port, index }) => {
    const entry = world.state.interfaces.get(index);
    if (!entry || !isPort(entry, port) || findPort(port, world.state).value?.index !== index)
      throw new Refused(`interface ${index} is not port ${port}`);
  },
  'set-tag': ({ at, tag }) => world.change(at, { tag }),
  'set-admin': ({ at, up }) => world.change(at, { adminUp: up }),
  'set-mtu': ({ at, mtu }) => world.change(at, { mtu: { packet: mtu, ip4: mtu, ip6: mtu } }),
});
