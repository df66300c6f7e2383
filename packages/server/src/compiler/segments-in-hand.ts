import type { SegmentKey } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';
import { heldSegment } from '../view/segment-ledger.js';
import type { Takings } from './takings.js';

/** A free segment that a tap service is about to take. */
export interface SegmentTaken {
  readonly segment: SegmentKey;
  readonly service: string;
  readonly project: string;
}

/** Who holds which segment, as far as choosing one asks. */
export type SegmentsHeld = Pick<ClusterView['segments'], 'holder' | 'ofService' | 'heldInPool' | 'heldByProject'>;

/** As a tap service finds them: those that others are about to take are held. */
export function withTakings(
  view: { readonly segments: SegmentsHeld },
  takings: Takings<SegmentTaken>,
  who: string,
): SegmentsHeld {
  /** Those that etcd does not show yet. */
  function* inHand(pool: Omit<SegmentKey, 'id'>): Generator<SegmentTaken> {
    for (const taken of takings.ofOthers(who)) {
      const { type, physnet } = taken.segment;
      if (type === pool.type && physnet === pool.physnet && !view.segments.holder(taken.segment)) yield taken;
    }
  }
  return {
    ofService: (id) => view.segments.ofService(id),
    holder: (segment) => {
      const holder = view.segments.holder(segment);
      if (holder) return holder;
      for (const taken of inHand(segment))
        if (taken.segment.id === segment.id) return heldSegment(taken.segment, 0, taken.service);
      return undefined;
    },
    heldInPool: (pool) => view.segments.heldInPool(pool) + [...inHand(pool)].length,
    heldByProject: (pool, project) =>
      view.segments.heldByProject(pool, project) +
      [...inHand(pool)].filter((taken) => taken.project === project).length,
  };
}
