import { mirrorOfLeg } from './mirror-leg.js';
import type { OwnTag } from './tags.js';

/** Of sets of ids, one a kind of tap, the one that the tap of a tag belongs into. */
export function idsOf<T>({ kind }: OwnTag, sets: { readonly services: T; readonly flows: T; readonly mirrors: T }): T {
  if (kind === 'mirror' || kind === 'gre') return sets.mirrors;
  return kind === 'flow' ? sets.flows : sets.services;
}

/** The id of the tap that an object with the tag was made for. */
export function idOf({ kind, id }: OwnTag): string {
  return kind === 'mirror' || kind === 'gre' ? mirrorOfLeg(id) : id;
}
