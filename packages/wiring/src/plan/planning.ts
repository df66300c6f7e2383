import type { TakenTunnels } from '../mirrors/taken-tunnels.js';
import type { NodeFacts } from '../node-facts.js';
import type { ActualView } from '../snapshot.js';
import type { Wanted } from '../wanted/wanted.js';
import type { PlanDraft } from './plan.js';

/** Taps that nobody could look at, and why; by `unitName`. */
export type Unseen = ReadonlyMap<string, string>;

/** What every part of the planner reads, and the ids that this plan has given out and VPP does not know of yet. */
export interface Planning {
  readonly wanted: Wanted;
  readonly actual: ActualView;
  readonly facts: NodeFacts;
  readonly draft: PlanDraft;
  readonly taken: TakenIds;
  readonly tunnels: TakenTunnels;
  readonly unseen: Unseen;
}

export class TakenIds {
  #nextDomain: number | undefined;
  readonly #innerTags = new Map<number, Set<number>>();
  readonly #adopted = new Set<number>();

  /** Whether an orphaned interface is still to be had; it is not any more after this. */
  adopt(index: number): boolean {
    return this.#adopted.size < this.#adopted.add(index).size;
  }

  /** The lowest bridge domain id of the range that nobody has, or undefined if the range is used up. */
  bridgeDomain(actual: ActualView, [first, last]: readonly [number, number]): number | undefined {
    let id = this.#nextDomain ?? first;
    while (id <= last && actual.bridgeDomains.get(id)) id++;
    this.#nextDomain = id + 1;
    return id <= last ? id : undefined;
  }

  /** The highest inner VLAN id that no sub-interface of a collector on `parent` has, or undefined if all are taken. */
  collectorTag(actual: ActualView, parent: number): number | undefined {
    const used = this.#innerTags.get(parent) ?? new Set<number>();
    for (const { vlan } of actual.interfaces.by('parent', parent))
      if (vlan?.match === 'exact-two') used.add(vlan.inner);
    this.#innerTags.set(parent, used);
    for (let inner = 4094; inner > 0; inner--) {
      if (used.has(inner)) continue;
      used.add(inner);
      return inner;
    }
    return undefined;
  }
}
