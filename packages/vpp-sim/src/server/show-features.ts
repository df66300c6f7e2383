import type { Engine } from '../engine/engine.js';
import type { Interface } from '../engine/interface.js';
import { BD_FLAGS } from '../engine/l2-features.js';
import type { SpokenApi } from './spoken-api.js';

/** What a bridge domain may forbid its members. */
const ofBridgeDomains = BD_FLAGS.reduce((all, { feature }) => all | feature, 0);

/** What VPP's command `show interface features` prints of layer 2; of its feature arcs that there are none. */
export function showFeatures({ name, swIfIndex }: Interface, engine: Engine, api: SpokenApi): string {
  const config = engine.l2.find(swIfIndex);
  const bits = config?.inputFeatures ?? 0;
  const input = config?.bd ? bits & (~ofBridgeDomains | config.bd.features) : bits;
  return [
    `Feature paths configured on ${name}...`,
    '',
    'ip4-unicast:',
    '  none configured',
    ...(api.printsFeatures
      ? ['', 'l2-input:', api.input.print(input), '', 'l2-output:', api.output.print(config?.outputFeatures ?? 0)]
      : []),
    '',
  ].join('\n');
}
