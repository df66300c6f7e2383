import { isName } from '@taas/model';
import { type ActualView, isInLayer2, type NodeFacts, physnetTagPrefix, uplinkOf } from '@taas/wiring';
import type { AgentConfig } from '../config.js';

/** Physical networks that this node may have an uplink of: configured ones, and whatever networking-vpp has tagged. */
export function physnetNames({ physnets }: Pick<AgentConfig, 'physnets'>, actual: ActualView): Set<string> {
  const names = new Set(physnets.map(({ name }) => name));
  // A tag that names none would make this node's whole record one that no server believes.
  for (const { tag } of actual.interfaces.all())
    if (tag.startsWith(physnetTagPrefix) && isName(tag.slice(physnetTagPrefix.length)))
      names.add(tag.slice(physnetTagPrefix.length));
  return names;
}

/** As many as an agent's record may have. */
const mostPhysnets = 1024;

export interface PhysnetsFound {
  /** Those with an uplink in VPP, in order. One that is down counts: its taps say so, and keep their way. */
  readonly physnets: string[];
  /** Those of them whose uplink is in layer 2, or may be. */
  readonly layer2_physnets: string[];
}

/** What the server must know of this node's physical networks. */
export function physnetsFound(
  config: Pick<AgentConfig, 'physnets'>,
  actual: ActualView,
  facts: Pick<NodeFacts, 'uplinks'>,
): PhysnetsFound {
  const physnets = [...physnetNames(config, actual)]
    .filter((name) => uplinkOf(name, actual, facts).value !== undefined)
    .sort()
    .slice(0, mostPhysnets);
  return { physnets, layer2_physnets: physnets.filter((name) => isInLayer2(name, actual, facts)) };
}
