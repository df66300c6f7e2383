import { legDirections, legId, mirrorOfLeg } from './mirrors/mirror-leg.js';
import { type ByTap, idsOf, kindsOf, type OwnKind, type OwnTag } from './tags.js';

/** The id of the tap that an object with the tag was made for. */
export function idOf(own: OwnTag): string {
  return idsOf(own, { services: own.id, flows: own.id, mirrors: mirrorOfLeg(own.id) });
}

/** All that a tap may own, by what it says in its tag. */
export function* ownedBy(tap: keyof ByTap<unknown>, id: string): Generator<OwnTag> {
  const ids = tap === 'mirrors' ? legDirections.map((direction) => legId(id, direction)) : [id];
  for (const each of ids) for (const kind of kindsOf[tap]) yield { kind: kind satisfies OwnKind, id: each };
}
