import { uplinkOf } from './find-interface.js';
import type { NodeFacts } from './node-facts.js';
import type { ActualInterface } from './objects/interface.js';
import type { ActualView } from './snapshot.js';

/** The uplinks of these physical networks and all that is cut out of them: who may take a tag that is for none of ours. */
export function uplinkIndices(
  physnets: Iterable<string>,
  actual: ActualView,
  facts: Pick<NodeFacts, 'uplinks'>,
): number[] {
  return [...physnets].flatMap((physnet) => {
    const uplink = uplinkOf(physnet, actual, facts).value;
    return uplink ? [uplink, ...catchAlls(uplink, actual)].map(({ index }) => index) : [];
  });
}

/**
 * Whether VPP hands tags that nobody has asked for to somebody: an uplink in a bridge domain or cross-connected takes every frame
 * for which it has no sub-interface (networking-vpp does so for a flat network), and so does a sub-interface for more than one
 * tag. Interfaces whose features have not been read yet count as such.
 */
export function isInLayer2(physnet: string, actual: ActualView, facts: Pick<NodeFacts, 'uplinks'>): boolean {
  return uplinkIndices([physnet], actual, facts).some((index) => actual.features.get(index) !== null);
}

/** Sub-interfaces for the frames that no other takes, or for any tag: what VPP calls default, or any. Ours are for one tag. */
function catchAlls({ index }: ActualInterface, actual: ActualView): ActualInterface[] {
  return [...actual.interfaces.by('parent', index)].filter(({ vlan }) => vlan?.match === 'other');
}
