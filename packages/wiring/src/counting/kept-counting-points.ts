import type { VppSnapshot } from '../snapshot.js';
import type { Wanted } from '../wanted/wanted.js';
import { type CountingPoints, countedTaps, indicesOf, pointsOf } from './counting-points.js';
import { type Asked, askedRow, listenTo, NotedView } from './noted-view.js';

interface Kept {
  readonly points: CountingPoints;
  /** Of what is wanted: what they were found by. */
  readonly wantedAs: WantedAs;
  /** What of VPP's state was asked for. */
  readonly asked: ReadonlySet<Asked>;
}

/**
 * The counting points of all taps, kept from reading to reading: found anew only for taps of which something has changed, in what is
 * wanted or in what was asked for of VPP's state when they were found. A tap's points are the same object for as long as nothing of
 * them has changed, nor of an interface that they name.
 */
export class KeptCountingPoints {
  readonly #kept = new Map<string, Kept>();
  /** Who has asked for something. */
  readonly #askers = new Map<Asked, Set<string>>();
  readonly #dirty = new Set<string>();
  #last: { readonly wanted: Wanted; readonly changes: number; readonly points: readonly CountingPoints[] } | null =
    null;

  constructor(private readonly snapshot: VppSnapshot) {
    listenTo(snapshot, (what) => {
      for (const tap of this.#askers.get(what) ?? []) this.#dirty.add(tap);
    });
  }

  /** @returns as `countingPoints` would; the same list as before if nothing has changed */
  all(wanted: Wanted): readonly CountingPoints[] {
    const { changes } = wanted;
    if (this.#last?.wanted === wanted && this.#last.changes === changes && this.#dirty.size === 0)
      return this.#last.points;
    // Stamps of another say nothing of this one's.
    if (this.#last?.wanted !== wanted) for (const name of [...this.#kept.keys()]) this.#forget(name);
    const points: CountingPoints[] = [];
    const gone = new Set(this.#kept.keys());
    for (const { kind, id } of countedTaps(wanted)) {
      const name = `${kind}/${id}`;
      gone.delete(name);
      points.push(this.#pointsOf(name, kind, id, wanted));
    }
    for (const name of gone) this.#forget(name);
    this.#dirty.clear();
    this.#last = { wanted, changes, points };
    return points;
  }

  #pointsOf(name: string, kind: CountingPoints['kind'], id: string, wanted: Wanted): CountingPoints {
    const wantedAs = wantedNow[kind](id, wanted);
    const kept = this.#kept.get(name);
    if (kept && !this.#dirty.has(name) && wantedAs.every((each, n) => each === kept.wantedAs[n])) return kept.points;
    this.#forget(name);
    const view = new NotedView(this.snapshot);
    const points = pointsOf[kind](id, wanted, view);
    for (const index of indicesOf(points)) view.notes.add(askedRow(index));
    for (const { to } of points.mirrors) view.notes.add(askedRow(to));
    this.#kept.set(name, { points, wantedAs, asked: view.notes });
    for (const what of view.notes) {
      const askers = this.#askers.get(what);
      if (askers) askers.add(name);
      else this.#askers.set(what, new Set([name]));
    }
    return points;
  }

  #forget(name: string): void {
    for (const what of this.#kept.get(name)?.asked ?? []) {
      const askers = this.#askers.get(what);
      if (askers?.delete(name) && askers.size === 0) this.#askers.delete(what);
    }
    this.#kept.delete(name);
  }
}

/** What of the wanted state a tap's points are found by: records as objects, which are never changed, and stamps of lists. */
type WantedAs = readonly unknown[];

const wantedNow: Readonly<Record<CountingPoints['kind'], (id: string, wanted: Wanted) => WantedAs>> = {
  tap_flows: (id, wanted) => {
    const flow = wanted.flow(id);
    return [flow, flow ? wanted.siblingsStamp(flow.record) : 0];
  },
  tap_services: (id, wanted) => [wanted.service(id), wanted.flowsStamp(id)],
  tap_mirrors: (id, wanted) => [wanted.mirrors.get(id)],
};
