import type { HeldSegment, SegmentLedger } from '../view/segment-ledger.js';
import { describeOption, physnetOf, type SegmentOption, type SegmentPolicy } from './segment-options.js';

export type SegmentChoice =
  /** `mend`: the service's own segment, whose record is malformed and has to be written anew. */
  | { readonly id: number; readonly held: boolean; readonly mend?: HeldSegment }
  /** Why there is none: a sentence for the tenant. */
  | { readonly obstacle: string };

/**
 * The segment of a tap service in a range: the one that it holds, else a free one that depends on the service's id, so
 * that several compilers, or one that tries again, do not all reach for the same.
 */
export function pickSegment(
  ledger: SegmentLedger,
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
  const own = ledger
    .ofService(service.id)
    .filter((held) => held.segment.type === pool.type && held.segment.physnet === pool.physnet)
    .map((held) => held.segment.id);
  if (own.length > 0) return { id: Math.min(...own), held: true };
  for (const id of service.uses) {
    const mend = ledger.holder({ ...pool, id });
    // Nobody else can have been told to use it: a segment is given back only when no node has a record of its service.
    if (mend && mend.serviceId === null) return { id, held: true, mend };
  }
  const size = option.last - option.first + 1;
  const share = Math.max(1, Math.floor(size * policy.projectShare));
  if (ledger.heldByProject(pool, service.project) >= share) {
    return {
      obstacle:
        `the project has used up its share of ${share} of the ${describeOption(option)}: ` +
        'delete a tap service that is not needed, or ask the operator for more',
    };
  }
  // Among size ids, no more than held + 1 need to be looked at to find a free one.
  const probes = Math.min(size, ledger.heldInPool(pool) + 1);
  const start = hash(service.id) % size;
  for (let probe = 0; probe < probes; probe++) {
    const id = option.first + ((start + probe) % size);
    if (!ledger.holder({ ...pool, id })) return { id, held: false };
  }
  return { obstacle: `no free id is left of the ${describeOption(option)}: ask the operator for a wider range` };
}

/** FNV-1a, 32 bits: spreads ids; nothing depends on its being hard to guess. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
