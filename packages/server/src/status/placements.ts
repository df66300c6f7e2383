import type { ResourceKind } from '@taas/model';
import { compiling } from '../compiler/compile-service.js';
import type { Compiled, WantedRecord } from '../compiler/compiled.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import { cutting } from '../compiler/service-slice.js';
import { atOnce, type Sliced } from '../slices/slices.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { Dirty } from '../view/dirty.js';
import { shelf } from '../view/shelf.js';

/** So many flows of a service are compiled in a millisecond or two. */
const fewFlows = 100;

/** A tap's part on a node. */
export interface PlacedPart {
  readonly node: string;
  readonly kind: ResourceKind;
  readonly id: string;
  /** Revision at which the node was told what it must do now; null if it has not been told that yet. */
  readonly publishedRevision: number | null;
}

/** @param published what the record of the node says, if anything */
export function placedPart(
  { node, kind, id, value }: WantedRecord,
  published: { readonly value: string; readonly revision: number } | undefined,
): PlacedPart {
  const publishedRevision = published?.value === value ? published.revision : null;
  return { node, kind, id, publishedRevision };
}

/** What the compiler makes of a tap service and its flows, as far as their statuses need it. */
export interface Placement {
  readonly blockers: Compiled['blockers'];
  /** The service's own part, and each flow's, by id. */
  readonly parts: ReadonlyMap<string, PlacedPart>;
  /** As {@link Compiled.receiptsMissing}. */
  readonly receiptsMissing: string | null;
}

/** The placement of each tap service, whoever works it out. */
export interface PlacementSource {
  of(service: string): Placement;
}

/** A placement that somebody is working out, in slices. */
class Working {
  /** An event has touched the service since: what is worked out holds for those who asked before it. */
  dirty = false;
  result: Placement | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(private readonly work: Sliced<Placement>) {}

  /** @throws what the work has thrown, to each who goes on with it */
  step(): void {
    if (this.#failure) throw this.#failure.error;
    try {
      const step = this.work.next();
      if (step.done) this.result = step.value;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }
}

/**
 * The placement of each tap service that somebody has asked about, by the compiler's own function over this replica's view;
 * worked out once, and again after an event that touched the service: the same events that make the compiler look again.
 */
export class Placements implements PlacementSource {
  readonly #known = new Map<string, Placement>();
  readonly #working = new Map<string, Working>();

  constructor(
    private readonly view: ClusterView,
    private readonly policy: SegmentPolicy,
  ) {}

  /** To be told of each event, before anything is asked again. */
  forget(dirty: Dirty): void {
    if (dirty.whole) {
      this.#known.clear();
      for (const working of this.#working.values()) working.dirty = true;
      this.#working.clear();
      return;
    }
    for (const service of dirty.services) {
      this.#known.delete(service);
      const working = this.#working.get(service);
      if (working) working.dirty = true;
      this.#working.delete(service);
    }
  }

  /** At once, however much there is of the service; for many flows see {@link inSlices}. */
  of(service: string): Placement {
    return this.#known.get(service) ?? atOnce(this.#place(service));
  }

  /** Whether it is known, or quickly found out. */
  isNear(service: string): boolean {
    if (this.#known.has(service)) return true;
    // Flows that are gone from the API have records of nodes for a while.
    return Math.max(this.view.flowsByService.count(service), this.view.nodeRecords.countOfService(service)) <= fewFlows;
  }

  /** All who ask for the same work on the same: a large service is compiled once for them. */
  *inSlices(service: string): Sliced<Placement> {
    const known = this.#known.get(service);
    if (known) return known;
    const working: Working =
      this.#working.get(service) ?? new Working(this.#place(service, (): boolean => working.dirty));
    this.#working.set(service, working);
    try {
      for (;;) {
        if (working.result === undefined) working.step();
        if (working.result !== undefined) return working.result;
        yield;
      }
    } finally {
      // Who goes on with it has it in hand; nobody else takes up what is half done and growing old.
      if (this.#working.get(service) === working) this.#working.delete(service);
    }
  }

  *#place(service: string, dirty = () => false): Sliced<Placement> {
    const compiled = yield* compiling(yield* cutting(this.view, this.policy, service));
    const { blockers, receiptsMissing = null } = compiled;
    const placement = { blockers, parts: yield* this.#parts(compiled), receiptsMissing };
    // Which segment is free depends on all the others, whose events do not touch this service.
    if (!compiled.waitsForSegment && compiled.segmentsNeeded.length === 0 && !dirty())
      this.#known.set(service, placement);
    return placement;
  }

  *#parts({ nodeRecords }: Compiled): Sliced<Map<string, PlacedPart>> {
    const parts = new Map<string, PlacedPart>();
    for (const wanted of nodeRecords.values()) {
      if (!wanted.leaving) parts.set(wanted.id, placedPart(wanted, shelf(this.view, wanted.kind).published(wanted)));
      yield;
    }
    return parts;
  }
}

/** The placements that one request has seen: each worked out once for it, in slices. */
export class PlacementsSeen implements PlacementSource {
  readonly #seen = new Map<string, Placement>();
  readonly #failed = new Map<string, unknown>();

  constructor(private readonly placements: Placements) {}

  /** After this, {@link of} costs nothing. Throws nothing: a placement that cannot be worked out is for those who ask for it. */
  *see(service: string): Sliced<void> {
    if (this.#seen.has(service) || this.#failed.has(service)) return;
    try {
      this.#seen.set(service, yield* this.placements.inSlices(service));
    } catch (error) {
      this.#failed.set(service, error);
    }
  }

  /** @throws what the working out has thrown */
  of(service: string): Placement {
    if (this.#failed.has(service)) throw this.#failed.get(service);
    return this.#seen.get(service) ?? this.placements.of(service);
  }
}
