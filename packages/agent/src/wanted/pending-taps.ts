import type { ResourceKind } from '@taas/model';
import type { Verdict } from '@taas/wiring';
import { addTap, type GatheredTaps, type TapName, tapName } from './tap-ids.js';

/** Taps that wait for something that others make: a port, its bridge domain, an uplink. */
export class PendingTaps {
  readonly #taps = new Map<TapName, Pick<Verdict, 'kind' | 'id'>>();

  get size(): number {
    return this.#taps.size;
  }

  settle({ kind, id, status }: Verdict): void {
    if (status === 'PENDING') this.#taps.set(tapName(kind, id), { kind, id });
    else this.#taps.delete(tapName(kind, id));
  }

  /** Forgets those that nobody wants any more. */
  keep(isWanted: (kind: ResourceKind, id: string) => boolean): void {
    for (const [tap, { kind, id }] of this.#taps) if (!isWanted(kind, id)) this.#taps.delete(tap);
  }

  clear(): void {
    this.#taps.clear();
  }

  addTo(ids: GatheredTaps): void {
    for (const tap of this.#taps.keys()) addTap(ids, tap);
  }
}
