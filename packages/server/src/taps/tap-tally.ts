import { resourceKinds } from '@taas/model';
import type { Clock } from '@taas/service';
import type { MirrorRules } from '../compiler/compile-mirror.js';
import type { Contained } from '../errors/contained.js';
import type { Sliced, Slices } from '../slices/slices.js';
import { type Placements, PlacementsSeen } from '../status/placements.js';
import { StatusReader } from '../status/tap-status.js';
import type { ClusterView } from '../view/cluster-view.js';
import { shelf } from '../view/shelf.js';
import { statusOf, tapKinds } from './tap-kinds.js';
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

/** A count is begun no sooner than so long after the last one, in ms, */
const pauseMs = 5_000;
/** and after so many times what that one took: counting is a twentieth of the time at most. */
const share = 20;

/**
 * How many taps there are of each kind and status. They are counted in slices, begun by who asks: nobody waits for the count, and
 * where nobody asks nothing is counted.
 */
export class TapTally {
  #last: readonly TalliedTaps[] = [];
  #expiring: readonly ExpiringTaps[] = [];
  #counting: Promise<void> | null = null;
  #notBefore = 0;

  constructor(private readonly deps: TapTallyDeps) {}

  /** The last count that is whole; begins the next if it is time for it. */
  samples(): readonly TalliedTaps[] {
    const { clock } = this.deps;
    if (this.#counting === null && clock.monotonic() >= this.#notBefore) {
      const begun = clock.monotonic();
      this.#counting = this.#count()
        // What fails says so by figures that stay; the next one is tried in time.
        .catch(() => undefined)
        .finally(() => {
          this.#counting = null;
          const now = clock.monotonic();
          this.#notBefore = now + Math.max(pauseMs, (now - begun) * share);
        });
    }
    return this.#last;
  }

  /** Of the same count: how many end soon, of each kind. */
  get expiring(): readonly ExpiringTaps[] {
    return this.#expiring;
  }

  /** Resolves when the count in progress has ended. */
  async settled(): Promise<void> {
    await this.#counting;
  }

  async #count(): Promise<void> {
    this.#last = await this.deps.slices.run('', this.#tally());
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
        if (record && endsSoon(record, warning)) expiring.set(kind, (expiring.get(kind) ?? 0) + 1);
        // Taps that were made meanwhile may or may not count: a map can be gone through while it changes.
        if (id !== '') yield;
      }
    }
    this.#expiring = [...expiring].map(([kind, value]) => ({ labels: { kind }, value }));
    return [...counts.values()];
  }
}
