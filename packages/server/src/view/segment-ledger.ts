import { keys, type SegmentKey } from '@taas/model';
import type { Revision } from '@taas/store';

export interface HeldSegment {
  readonly key: string;
  readonly segment: SegmentKey;
  readonly revision: Revision;
  /** The tap service that holds it; null if the record is malformed, and then it is nobody's and never free. */
  readonly serviceId: string | null;
}

interface Pool {
  readonly holders: Map<number, HeldSegment>;
  /** How many segments each project holds, so that a share can be enforced without counting. */
  readonly byProject: Map<string, number>;
}

/** Who holds which segment, by pool (a VLAN range of one physnet, or all VNIs) and by tap service. */
export class SegmentLedger {
  readonly #pools = new Map<string, Pool>();
  readonly #byService = new Map<string, Map<string, HeldSegment>>();
  readonly #projects = new Map<string, string>();

  set(held: HeldSegment): void {
    this.remove(held.segment);
    this.#pool(held.segment).holders.set(held.segment.id, held);
    if (held.serviceId === null) return;
    const own = this.#byService.get(held.serviceId) ?? new Map<string, HeldSegment>();
    own.set(held.key, held);
    this.#byService.set(held.serviceId, own);
    this.#count(held, 1);
  }

  /** @returns what was known of it, if anything */
  remove(segment: SegmentKey): HeldSegment | undefined {
    const pool = this.#pool(segment);
    const held = pool.holders.get(segment.id);
    if (!held) return undefined;
    pool.holders.delete(segment.id);
    if (held.serviceId === null) return held;
    this.#count(held, -1);
    const own = this.#byService.get(held.serviceId);
    own?.delete(held.key);
    if (own?.size === 0) this.#byService.delete(held.serviceId);
    return held;
  }

  /** Tells whose project a tap service is; the last word stays when the service itself is gone. */
  setProject(serviceId: string, project: string): void {
    if (this.#projects.get(serviceId) === project) return;
    const own = [...(this.#byService.get(serviceId)?.values() ?? [])];
    for (const held of own) this.#count(held, -1);
    this.#projects.set(serviceId, project);
    for (const held of own) this.#count(held, 1);
  }

  /** To be called when nothing of the service is left, so that the ledger does not remember for ever. */
  forget(serviceId: string): void {
    if (!this.#byService.has(serviceId)) this.#projects.delete(serviceId);
  }

  holder(segment: SegmentKey): HeldSegment | undefined {
    return this.#pools.get(poolName(segment))?.holders.get(segment.id);
  }

  ofService(serviceId: string): readonly HeldSegment[] {
    return [...(this.#byService.get(serviceId)?.values() ?? [])];
  }

  heldInPool(pool: Omit<SegmentKey, 'id'>): number {
    return this.#pools.get(poolName(pool))?.holders.size ?? 0;
  }

  heldByProject(pool: Omit<SegmentKey, 'id'>, project: string): number {
    return this.#pools.get(poolName(pool))?.byProject.get(project) ?? 0;
  }

  services(): IterableIterator<string> {
    return this.#byService.keys();
  }

  #pool(segment: Omit<SegmentKey, 'id'>): Pool {
    const name = poolName(segment);
    let pool = this.#pools.get(name);
    if (!pool) {
      pool = { holders: new Map(), byProject: new Map() };
      this.#pools.set(name, pool);
    }
    return pool;
  }

  #count(held: HeldSegment, by: number): void {
    const project = held.serviceId === null ? undefined : this.#projects.get(held.serviceId);
    if (project === undefined) return;
    const counts = this.#pool(held.segment).byProject;
    const next = (counts.get(project) ?? 0) + by;
    if (next === 0) counts.delete(project);
    else counts.set(project, next);
  }
}

const poolName = (pool: Omit<SegmentKey, 'id'>): string => `${pool.type}/${pool.physnet ?? '-'}`;

/** A segment as the ledger keeps it. */
export function heldSegment(segment: SegmentKey, revision: Revision, serviceId: string | null): HeldSegment {
  return { key: keys.segment(segment), segment, revision, serviceId };
}
