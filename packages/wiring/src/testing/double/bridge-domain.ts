import type { BridgeDomainStep } from '../../objects/bridge-domain.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const bridgeDomainDouble = (world: DoubleWorld): Double<BridgeDomainStep> => ({
  'create-bridge-domain': ({ id, tag }) => {
    if (world.state.bridgeDomains.has(id)) throw new Refused(`bridge domain ${id} exists`);
    const flags = { learn: false, forward: false, flood: true, uuFlood: true, arpTerm: false };
    world.state.bridgeDomains.put(id, { id, tag, flags, members: new Map(), unicast: null });
  },
  'delete-bridge-domain': ({ id }) => {
    const domain = world.state.bridgeDomains.get(id);
    if ((domain?.members.size ?? 1) > 0) throw new Refused(`bridge domain ${id} is in use`);
    // A real VPP does not mind, and the interface is in whatever gets the bridge domain's place.
    if (domain?.unicast !== null) throw new Error('deleted under what takes its unicast');
    world.state.bridgeDomains.delete(id);
  },
  'join-bridge': ({ at, id, shg }) => world.join(world.at(at), id, shg),
  'take-unicast': ({ at, id }) => world.takeUnicast(world.at(at), id),
  'leave-bridge': ({ at }) => world.toLayer3(world.at(at)),
});
