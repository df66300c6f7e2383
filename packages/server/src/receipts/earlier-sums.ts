import { keys, type StatisticsTotals } from '@taas/model';
import type { Store } from '@taas/store';
import { readTotals } from '../compiler/fold-statistics.js';
import type { LiveView } from '../view/live-view.js';

/** Reads from etcd at a time. */
const atATime = 16;

/** What nodes had counted that have left a tap service, of each that is asked about: read again when it has been written anew. */
export class EarlierSums {
  readonly #known = new Map<string, { readonly revision: number; readonly totals: StatisticsTotals | null }>();

  constructor(
    private readonly store: Pick<Store, 'get'>,
    private readonly live: LiveView,
  ) {}

  /** Reads what has changed, and forgets the services that are not named. @throws StoreError; the signal's reason */
  async refresh(services: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    for (const service of this.#known.keys()) if (!services.has(service)) this.#known.delete(service);
    const stale = [...services].filter((service) => {
      const revision = this.#revision(service);
      return revision !== undefined && this.#known.get(service)?.revision !== revision;
    });
    for (let at = 0; at < stale.length; at += atATime)
      await Promise.all(stale.slice(at, at + atATime).map((service) => this.#read(service, signal)));
  }

  /** As the view has them now; `unknown` if they cannot be read, or have not been read since they were written. */
  of(service: string): StatisticsTotals | null | 'unknown' {
    const revision = this.#revision(service);
    if (revision === undefined) return null;
    const known = this.#known.get(service);
    return known?.revision === revision ? (known.totals ?? 'unknown') : 'unknown';
  }

  #revision(service: string): number | undefined {
    return this.live.view.totals.get(keys.statisticsTotals('tap_services', service));
  }

  async #read(service: string, signal: AbortSignal): Promise<void> {
    const kv = await this.store.get(keys.statisticsTotals('tap_services', service), { signal });
    if (kv) this.#known.set(service, { revision: kv.modRevision, totals: readTotals(kv) });
  }
}
