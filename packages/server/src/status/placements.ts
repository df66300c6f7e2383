import { keys } from '@taas/model';
import { type Compiled, compileService, type WantedRecord } from '../compiler/compile-service.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import { sliceOf } from '../compiler/service-slice.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { Touched } from '../view/touched.js';

/** A tap's part on a node. */
export interface PlacedPart {
  readonly node: string;
  /** Where the node reports. */
  readonly stateKey: string;
  /** Revision at which the node was told what it must do now; null if it has not been told that yet. */
  readonly toldRevision: number | null;
}

/** @param told what the node has been told, if anything */
export function placedPart(
  { node, kind, id, value }: WantedRecord,
  told: { readonly value: string; readonly revision: number } | undefined,
): PlacedPart {
  const toldRevision = told?.value === value ? told.revision : null;
  return { node, stateKey: keys.stateResource(node, kind, id), toldRevision };
}

/** What the compiler makes of a tap service and its flows, as far as their statuses need it. */
export interface Placement {
  readonly obstacles: Compiled['obstacles'];
  /** The service's own part, and each flow's, by id. */
  readonly parts: ReadonlyMap<string, PlacedPart>;
}

/**
 * The placement of each tap service that somebody has asked about, by the compiler's own function over this replica's view;
 * worked out once, and again after an event that touched the service: the same events that make the compiler look again.
 */
export class Placements {
  readonly #known = new Map<string, Placement>();

  constructor(
    private readonly view: ClusterView,
    private readonly policy: SegmentPolicy,
  ) {}

  /** To be told of each event, before anything is asked again. */
  forget(touched: Touched): void {
    if (touched.whole) this.#known.clear();
    else for (const service of touched.services) this.#known.delete(service);
  }

  of(service: string): Placement {
    const known = this.#known.get(service);
    if (known) return known;
    const compiled = compileService(sliceOf(this.view, this.policy, service));
    const placement = { obstacles: compiled.obstacles, parts: this.#parts(compiled) };
    // Which segment is free depends on all the others, whose events do not touch this service.
    if (!compiled.waitsForSegment && compiled.segmentsNeeded.length === 0) this.#known.set(service, placement);
    return placement;
  }

  #parts({ nodeRecords }: Compiled): Map<string, PlacedPart> {
    const parts = new Map<string, PlacedPart>();
    for (const wanted of nodeRecords.values())
      if (!wanted.leaving) parts.set(wanted.id, placedPart(wanted, this.view.nodeRecords.get(wanted.key)));
    return parts;
  }
}
