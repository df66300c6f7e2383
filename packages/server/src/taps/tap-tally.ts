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
import { expiryTime } from './terms/expiry-time.js';
import { endsSoon, type Warning } from './terms/shown-terms.js';

export interface TapTallyDeps {
  readonly view: ClusterView;
  readonly placements: Placements;
  readonly mirrorRules: MirrorRules;
  readonly contained: Contained;
  readonly slices: Slices;
  readonly clock: Clock;
  readonly warning: Warning;
}

export interface TalliedTaps {
  readonly labels: { readonly kind: string; readonly status: string };
  readonly value: number;
}

export interface ExpiringTaps {
  readonly labels: { readonly kind: string };
  readonly value: number;
}

/** How many taps there are of each kind and status, counted in the background. */
export class TapTally {
  readonly #count: BackgroundCount<readonly TalliedTaps[]>;
  #expiring: readonly ExpiringTaps[] = [];

  constructor(private readonly deps: TapTallyDeps) {
    const { slices, clock, contained } = deps;
    const failed = (cause: unknown) => contained.note('the count of taps for metrics', cause);
    this.#count = new BackgroundCount({ slices, clock, failed }, () => this.#tally(), []);
  }

  /** The last count that is whole; begins the next if it is time for it. */
  samples(): readonly TalliedTaps[] {
    return this.#count.last();
  }

  /** Of the same count: how many end soon, of each kind. */
  get expiring(): readonly ExpiringTaps[] {
    return this.#expiring;
  }

  /** Resolves when the count in progress has ended. */
  settled(): Promise<void> {
    return this.#count.settled();
  }

  *#tally(): Sliced<readonly TalliedTaps[]> {
    const { view, placements, mirrorRules, contained, warning } = this.deps;
    const expiring = new Map(resourceKinds.map((kind) => [kind, 0]));
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
        if (record && endsSoon(expiryTime(view, record), warning)) expiring.set(kind, (expiring.get(kind) ?? 0) + 1);
        // Taps that were made meanwhile may or may not count: a map can be gone through while it changes.
        if (id !== '') yield;
      }
    }
    this.#expiring = [...expiring].map(([kind, value]) => ({ labels: { kind }, value }));
    return [...counts.values()];
  }
}
