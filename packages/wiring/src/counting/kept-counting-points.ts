import type { VppSnapshot } from '../snapshot.js';
import type { Wanted } from '../wanted/wanted.js';
import { type CountingPoints, countedTaps, indicesOf, pointsOf } from './counting-points.js';
import { type Asked, askedRow, listenTo, NotedView } from './noted-view.js';

interface Kept {
  readonly points: CountingPoints;
  /** Of what is wanted: what they were found by. */
  readonly wantedAs: WantedAs;
  /** What of VPP's state was asked for. */
  readonly asked: readonly Asked[];
}

/**
 * The counting points of all taps, kept from reading to reading: found anew only for taps of which something has changed, in what is
 * wanted or in what was asked for of VPP's state when they were found. A tap's points are the same object for as long as nothing of
 * them has changed, nor of an interface that they name.
 */
export class KeptCountingPoints {
  readonly #kept = new Map<string, Kept>();
  /** Who has asked for something; most of it is asked for by one tap, and there is much of it. */
  readonly #askers = new Map<Asked, string | Set<string>>();
  readonly #view: NotedView;
  readonly #dirty = new Set<string>();
  #last: { readonly wanted: Wanted; readonly changes: number; readonly points: readonly CountingPoints[] } | null =
    null;

  constructor(snapshot: VppSnapshot) {
    this.#view = new NotedView(snapshot);
    listenTo(snapshot, (what) => {
      const askers = this.#askers.get(what);
      if (typeof askers === 'string') this.#dirty.add(askers);
      else for (const tap of askers ?? []) this.#dirty.add(tap);
    });
  }

  /**
   * Finds them, and yields after each tap, so that many need not stop the process. What changes meanwhile is in the next list.
   * @returns as `countingPoints` would; the same list as before if nothing has changed
   */
  *finding(wanted: Wanted): Generator<void, readonly CountingPoints[], void> {
    const { changes } = wanted;
    if (this.#last?.wanted === wanted && this.#last.changes === changes && this.#dirty.size === 0)
      return this.#last.points;
    // Stamps of another say nothing of this one's.
    if (this.#last?.wanted !== wanted) for (const name of [...this.#kept.keys()]) this.#forget(name);
    const points: CountingPoints[] = [];
    const gone = new Set(this.#kept.keys());
    for (const { kind, id } of [...countedTaps(wanted)]) {
      const name = `${kind}/${id}`;
      gone.delete(name);
      points.push(this.#pointsOf(name, kind, id, wanted));
      yield;
    }
    for (const name of gone) this.#forget(name);
    this.#last = { wanted, changes, points };
    return points;
  }

  #pointsOf(name: string, kind: CountingPoints['kind'], id: string, wanted: Wanted): CountingPoints {
    const wantedAs = wantedNow[kind](id, wanted);
    const kept = this.#kept.get(name);
    if (kept && !this.#dirty.has(name) && wantedAs.every((each, n) => each === kept.wantedAs[n])) return kept.points;
    this.#forget(name);
    const asked = new Set<Asked>();
    this.#view.notes = asked;
    const points = pointsOf[kind](id, wanted, this.#view);
    for (const index of indicesOf(points)) asked.add(askedRow(index));
    for (const { to } of points.mirrors) asked.add(askedRow(to));
    this.#kept.set(name, { points, wantedAs, asked: [...asked] });
    for (const what of asked) {
      const askers = this.#askers.get(what);
      if (askers === undefined) this.#askers.set(what, name);
      else if (typeof askers === 'string') this.#askers.set(what, new Set([askers, name]));
      else askers.add(name);
    }
    return points;
  }

  #forget(name: string): void {
    for (const what of this.#kept.get(name)?.asked ?? []) {
      const askers = this.#askers.get(what);
      if (askers === name) this.#askers.delete(what);
      else if (askers instanceof Set && askers.delete(name) && askers.size === 0) this.#askers.delete(what);
    }
    this.#kept.delete(name);
    this.#dirty.delete(name);
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
