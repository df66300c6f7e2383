import type { SpanStep } from '../../objects/span.js';
import type { Double, DoubleWorld } from './world.js';

export const spanDouble = (world: DoubleWorld): Double<SpanStep> => ({
  'set-span': ({ from, to, state }) => world.span(from, world.at(to, true), state),
});
