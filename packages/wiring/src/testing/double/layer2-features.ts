import { forwardingBits, type Layer2FeaturesStep } from '../../objects/layer2-features.js';
import type { Ref } from '../../objects/object.js';
import { type Double, type DoubleWorld, Refused } from './world.js';

export const layer2FeaturesDouble = (world: DoubleWorld): Double<Layer2FeaturesStep> => ({
  'block-ingress': ({ at }) => setForwarding(world, at, 0),
  'unblock-ingress': ({ at }) => setForwarding(world, at, forwardingBits),
});

function setForwarding(world: DoubleWorld, at: Ref, bits: number): void {
  const index = world.at(at);
  const features = world.state.features.get(index);
  if (!features) throw new Refused(`interface ${index} is not in layer 2`);
  world.state.features.put(index, { input: (features.input & ~forwardingBits) | bits, output: features.output });
}
