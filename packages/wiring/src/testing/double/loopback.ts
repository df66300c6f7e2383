import type { LoopbackStep } from '../../objects/loopback.js';
import type { Double, DoubleWorld } from './world.js';

export const loopbackDouble = (world: DoubleWorld): Double<LoopbackStep> => ({
  'create-loopback': ({ as, mac }) => {
    world.refs.set(as, world.addInterface({ name: `loop${world.nextIndex}`, mac, adminUp: false }));
  },
  'delete-loopback': ({ at }) => {
    // A real VPP does not mind; whoever asks for it has left a mirror to an index that somebody else gets next.
    if (world.state.spans.to(world.at(at)).length > 0) throw new Error('deleted while mirrored to');
    world.remove(world.at(at));
  },
});
