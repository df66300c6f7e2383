import type { HeldSegment } from '../view/segment-ledger.js';
import { mayTake } from './fair-share.js';
import { physnetOf, type SegmentOption, type SegmentPolicy } from './segment-options.js';
import type { SegmentsHeld } from './segments-in-hand.js';

export type SegmentChoice =
  /** `mend`: the service's own segment, whose record is malformed and has to be written anew. */
  | { readonly id: number; readonly held: boolean; readonly mend?: HeldSegment }
  /** None is left for this project: it has had its share, or none is free. Which of the two would tell it of others. */
  | { readonly exhausted: true };

/**
 * The segment of a tap service in a range: the one that it holds, else a free one that depends on the service's id, so
 * that several compilers, or one that tries again, do not all reach for the same.
 */
export function pickSegment(
  ledger: SegmentsHeld,
  policy: SegmentPolicy,
  option: SegmentOption,
  service: {
    readonly id: string;
    readonly project: string;
    /** Segments that its nodes have been told to use. */
    readonly uses: readonly number[];
  },
): SegmentChoice {
  const pool = { type: option.type, physnet: physnetOf(option) };
  const inRange = (id: number): boolean => id >= option.first && id <= option.last;
  const own = ledger
    .ofService(service.id)
    .filter((held) => held.segment.type === pool.type && held.segment.physnet === pool.physnet)
    .map((held) => held.segment.id)
    // Outside of the range nobody has found out whether it is for TaaS alone: the operator has narrowed it.
    .filter(inRange);
  if (own.length > 0) return { id: Math.min(...own), held: true };
  for (const id of service.uses.filter(inRange)) {
    const mend = ledger.holder({ ...pool, id });
    // Nobody else can have been told to use it: a segment is given back only when no node has a record of its service.
    if (mend && mend.serviceId === null) return { id, held: true, mend };
  }
  const size = option.last - option.first + 1;
  // Some may be of a range of before: that one of this is free is only known by looking.
  const byAll = Math.min(ledger.heldInPool(pool), size - 1);
  const byProject = ledger.heldByProject(pool, service.project);
  if (!mayTake({ size, byAll, byProject }, policy.projectShare)) return { exhausted: true };
  // Among size ids, no more than held + 1 need to be looked at to find a free one.
  const probes = Math.min(size, ledger.heldInPool(pool) + 1);
  const start = hash(service.id) % size;
  for (let probe = 0; probe < probes; probe++) {
    const id = option.first + ((start + probe) % size);
    if (!ledger.holder({ ...pool, id })) return { id, held: false };
  }
  return { exhausted: true };
}

/** FNV-1a, 32 bits: spreads ids; nothing depends on its being hard to guess. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
