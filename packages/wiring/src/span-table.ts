import type { SpanState } from './actual.js';
import { IndexOf } from './index-of.js';

const noSpans: ReadonlyMap<number, SpanState> = new Map();

/** VPP's SPAN table, with what it does not say: which of its ends are gone, or have become something else since. */
export class SpanTable {
  readonly #from = new Map<number, Map<number, SpanState>>();
  readonly #to = new IndexOf<number, number>();
  /** By destination: to an interface of ours which is no more; its index may be somebody else's now. */
  readonly #orphans = new IndexOf<number, number>();
  /** By source: an end was not there when it was looked at. */
  readonly #broken = new IndexOf<number, number>();

  /** @param isThere whether VPP has an interface with the index */
  constructor(private readonly isThere: (index: number) => boolean) {}

  put(from: number, to: number, state: SpanState): void {
    const table = this.#from.get(from) ?? new Map<number, SpanState>();
    if (state === 0) {
      table.delete(to);
      this.#to.delete(to, from);
      this.#orphans.delete(to, from);
      this.#broken.delete(from, to);
    } else {
      if (!this.isThere(from) || !this.isThere(to)) this.#broken.add(from, to);
      table.set(to, state);
      this.#to.add(to, from);
    }
    if (table.size === 0) this.#from.delete(from);
    else this.#from.set(from, table);
  }

  /** Replaces the whole table. */
  set(entries: Iterable<readonly [from: number, to: number, state: SpanState]>): void {
    const now = new Map<number, Map<number, SpanState>>();
    for (const [from, to, state] of entries) now.set(from, (now.get(from) ?? new Map()).set(to, state));
    for (const [from, table] of [...this.#from])
      for (const to of [...table.keys()]) if (!now.get(from)?.has(to)) this.put(from, to, 0);
    for (const [from, table] of now) for (const [to, state] of table) this.put(from, to, state);
  }

  /** The interface is gone, and VPP's table says nothing of that. */
  breakAt(index: number): void {
    for (const to of this.from(index).keys()) this.#broken.add(index, to);
    for (const from of this.to(index)) this.#broken.add(from, index);
  }

  /** The interface was ours, and is not any more. */
  orphan(index: number): void {
    for (const from of this.to(index)) this.#orphans.add(index, from);
  }

  from(index: number): ReadonlyMap<number, SpanState> {
    return this.#from.get(index) ?? noSpans;
  }
  to(index: number): Iterable<number> {
    return this.#to.get(index);
  }
  sources(): Iterable<number> {
    return this.#from.keys();
  }
  isOrphan(from: number, to: number): boolean {
    return this.#orphans.get(to).has(from);
  }
  *broken(): Iterable<readonly [from: number, to: number]> {
    yield* this.#broken.pairs();
    for (const [to, from] of this.#orphans.pairs()) yield [from, to];
  }
}
