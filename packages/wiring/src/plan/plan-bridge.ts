import type { ActualBridgeDomain } from '../objects/bridge-domain.js';
import { leave } from '../objects/bridge-domain.js';
import type { ActualInterface } from '../objects/interface.js';
import type { TargetDomain } from '../services/plan-attachment.js';
import type { ActualView } from '../snapshot.js';
import type { Step } from '../steps.js';
import { type OwnTag, parseOwnTag } from '../tags.js';
import { type Blocker, refused } from './blocker.js';
import type { Planning } from './planning.js';

export type PlannedBridge =
  | { readonly domain: TargetDomain; readonly blocker: null; readonly steps: readonly Step[] }
  | { readonly domain: null; readonly blocker: Blocker; readonly steps: readonly [] };

/** Brings the bridge domain with this tag into place: one that floods and does nothing else, with nobody in it but us. */
export function planBridge({ actual, facts, taken }: Planning, tag: string): PlannedBridge {
  const existing = chosenDomain(actual, tag);
  if (existing && floodsOnly(existing))
    return { domain: { id: existing.id, keepsMembers: true }, blocker: null, steps: evictStrangers(actual, existing) };
  const id = existing?.id ?? taken.bridgeDomain(actual, facts.bridgeDomains);
  if (id === undefined) {
    const [first, last] = facts.bridgeDomains;
    const { blocker } = refused('node_ids_exhausted', `no bridge domain id is left between ${first} and ${last}`);
    return { domain: null, blocker, steps: [] };
  }
  // Its flags are changed by making it anew: VPP's message for that differs between versions.
  const undo: Step[] = existing
    ? [...occupants(existing).flatMap((index) => leave(index, actual)), { kind: 'delete-bridge-domain', id, tag }]
    : [];
  return {
    domain: { id, keepsMembers: false },
    blocker: null,
    steps: [...undo, { kind: 'create-bridge-domain', id, tag }],
  };
}

/** Of several bridge domains with the tag the one that is kept. */
export function chosenDomain(actual: ActualView, tag: string): ActualBridgeDomain | undefined {
  let lowest: ActualBridgeDomain | undefined;
  for (const domain of actual.bridgeDomains.by('tag', tag)) if (!lowest || domain.id < lowest.id) lowest = domain;
  return lowest;
}

/** Interfaces of others in our bridge domain would receive the copies. */
export function evictStrangers(actual: ActualView, domain: ActualBridgeDomain): Step[] {
  return occupants(domain)
    .filter((index) => parseOwnTag(actual.interfaces.get(index)?.tag ?? '') === null)
    .flatMap((index) => leave(index, actual));
}

/** All that is in a bridge domain, members or not. */
export function occupants({ members, unicast }: ActualBridgeDomain): number[] {
  return [...members.keys(), ...(unicast === null ? [] : [unicast])];
}

/**
 * Bridge domains that VPP has made, without a tag, for members of ours that joined one which somebody deleted in that moment:
 * with an id of ours, and nobody in them but what this plan takes out.
 * @param members interfaces of the taps that are planned
 * @param leaves whether the plan takes what has this tag out of such a bridge domain
 */
export function untaggedHomes(
  { actual, facts }: Planning,
  members: Iterable<ActualInterface>,
  leaves: (own: OwnTag) => boolean,
): ActualBridgeDomain[] {
  const [first, last] = facts.bridgeDomains;
  const ids = new Set(Array.from(members, ({ index }) => actual.memberships.get(index)?.bridgeDomain ?? -1));
  return [...ids].flatMap((id) => {
    const domain = actual.bridgeDomains.get(id);
    if (domain?.tag !== '' || id < first || id > last) return [];
    const owns = occupants(domain).map((index) => parseOwnTag(actual.interfaces.get(index)?.tag ?? ''));
    return owns.every((own) => own !== null && leaves(own)) ? [domain] : [];
  });
}

function floodsOnly({ flags }: ActualBridgeDomain): boolean {
  return !flags.learn && !flags.forward && flags.flood && flags.uuFlood && !flags.arpTerm;
}
