import { featureBits } from '../objects/layer2-features.js';
import type { VppSnapshot } from '../snapshot.js';

/**
 * Interfaces that get what `source` sends (1) or is sent (2), to one address or to a group; followed through VPP's own
 * state, not through plans. One that is listed twice gets it twice.
 */
export function receivers(state: VppSnapshot, source: number, side: 1 | 2, cast: 'unicast' | 'group'): number[] {
  const features = state.features.get(source);
  const bit = side === 1 ? featureBits.inputSpan : featureBits.outputSpan;
  if (!features || ((side === 1 ? features.input : features.output) & bit) === 0) return [];
  const isUp = (index: number) => state.interfaces.get(index)?.adminUp === true;
  const isLoopback = (index: number) => state.interfaces.get(index)?.name.startsWith('loop') === true;
  return state.spans.from(source).flatMap(({ to, state: span }) => {
    const member = state.memberships.get(to);
    if ((span & side) === 0 || !member || !isUp(to)) return [];
    if (!isLoopback(to)) return [to];
    const domain = state.bridgeDomains.get(member.bridgeDomain);
    if (cast === 'unicast' && typeof domain?.unicast === 'number') return [domain.unicast].filter(isUp);
    return [...(domain?.members ?? [])]
      .filter(([index, shg]) => index !== to && (shg === 0 || shg !== member.shg))
      .filter(([index]) => !isLoopback(index) && isUp(index))
      .map(([index]) => index);
  });
}
