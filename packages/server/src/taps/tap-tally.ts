import { resourceKinds } from '@taas/model';
import type { Clock } from '@taas/service';
import type { MirrorRules } from '../compiler/compile-mirror.js';
import type { Contained } from '../errors/contained.js';
import { BackgroundCount } from '../slices/background-count.js';
import type { Sliced, Slices } from '../slices/slices.js';
import { type Placements, PlacementsSeen } from '../status/placements.js';
import { StatusReader } from '../status/tap-status.js';
import type { ClusterView } from '../view/cluster-view.js';
import { shelf } from '../view/shelf.js';
import { statusOf, tapKinds } from './tap-kinds.js';

export interface TapTallyDeps {
  readonly view: ClusterView;
  readonly placements: Placements;
  readonly mirrorRules: MirrorRules;
  readonly contained: Contained;
  readonly slices: Slices;
  readonly clock: Clock;
}

export interface TalliedTaps {
  readonly labels: { readonly kind: string; readonly status: string };
  readonly value: number;
}

/** How many taps there are of each kind and status, counted in the background. */
export class TapTally {
  readonly #count: BackgroundCount<readonly TalliedTaps[]>;

  constructor(private readonly deps: TapTallyDeps) {
    this.#count = new BackgroundCount(deps, () => this.#tally(), []);
  }

  /** The last count that is whole; begins the next if it is time for it. */
  samples(): readonly TalliedTaps[] {
    return this.#count.last();
  }

  /** Resolves when the count under way has ended. */
  settled(): Promise<void> {
    return this.#count.settled();
  }

  *#tally(): Sliced<readonly TalliedTaps[]> {
    const { view, placements, mirrorRules, contained } = this.deps;
    const counts = new Map<string, { readonly labels: TalliedTaps['labels']; value: number }>();
    for (const kind of resourceKinds) {
      for (const [id, { record }] of shelf(view, kind).byId) {
        // A placement that was seen is not kept beyond its tap: all of them together would be a second view.
        const seen = new PlacementsSeen(placements);
        const service = record && tapKinds[kind].serviceOf(record);
        if (service && !placements.isNear(service)) yield* seen.see(service);
        const status = record
          ? statusOf(kind, record, new StatusReader(view, seen, mirrorRules, contained)).status
          : 'unreadable';
        const key = `${kind} ${status}`;
        const count = counts.get(key) ?? { labels: { kind, status }, value: 0 };
        count.value += 1;
        counts.set(key, count);
        // Taps that were made meanwhile may or may not count: a map can be gone through while it changes.
        if (id !== '') yield;
      }
    }
    return [...counts.values()];
  }
}
