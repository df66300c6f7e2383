import { saysTheSame } from './same-row.js';

/** What a table's rows are found by, apart from their key. */
export type IndexKey = string | number;

/** What may be read of a {@link Table}; each look-up takes constant time. */
export interface TableView<K, V, I extends string = never> {
  readonly size: number;
  has(key: K): boolean;
  get(key: K): V | undefined;
  keys(): Iterable<K>;
  all(): Iterable<V>;
  /** The rows that this index lists under `by`, those that changed last at the end. */
  by(index: I, by: IndexKey): readonly V[];
  /** The keys of those rows. */
  keysBy(index: I, by: IndexKey): ReadonlySet<K>;
}

/** How a row is found in an index: under each of these. */
export type Indices<V, I extends string> = { readonly [N in I]: (row: V) => Iterable<IndexKey> };

const none: ReadonlySet<never> = new Set<never>();
const noRows: readonly never[] = [];

/** Is told of a row that is not as it was; undefined: it was not there, or is not any more. */
export type RowListener<K, V> = (key: K, old: V | undefined, now: V | undefined) => void;

/**
 * Rows by key, and by whatever else they are looked for. A row that is put again and says the same stays the object that it was: what
 * was made of it may be kept by that.
 */
export class Table<K, V, I extends string = never> implements TableView<K, V, I> {
  readonly #rows = new Map<K, V>();
  readonly #names: readonly I[];
  readonly #lists: { readonly [N in I]: Map<IndexKey, Set<K>> };
  readonly #listeners: RowListener<K, V>[] = [];

  /**
   * @param changed told of each row after it was put or deleted; also of one that is put as it was, or deleted and was not there
   */
  constructor(
    private readonly indices: Indices<V, I>,
    private readonly changed: RowListener<K, V> = () => undefined,
  ) {
    this.#names = Object.keys(indices) as I[];
    const lists: Partial<Record<I, Map<IndexKey, Set<K>>>> = {};
    for (const index of this.#names) lists[index] = new Map();
    // Safe: each name has just been given its list.
    this.#lists = lists as Record<I, Map<IndexKey, Set<K>>>;
  }

  /** The same table, for those who only read it. */
  get view(): TableView<K, V, I> {
    return this;
  }

  /** Has these told of each row that has changed, for as long as the table is there. */
  listen(listener: RowListener<K, V>): void {
    this.#listeners.push(listener);
  }

  put(key: K, row: V): void {
    const known = this.#rows.get(key);
    // Polls say the same again and again.
    if (known !== undefined && saysTheSame(known, row)) {
      this.changed(key, known, known);
      return;
    }
    const old = this.#take(key);
    this.#rows.set(key, row);
    for (const index of this.#names)
      for (const by of this.indices[index](row)) {
        const keys = this.#lists[index].get(by);
        if (keys) keys.add(key);
        else this.#lists[index].set(by, new Set([key]));
      }
    this.changed(key, old, row);
    for (const listener of this.#listeners) listener(key, old, row);
  }

  delete(key: K): void {
    const old = this.#take(key);
    this.changed(key, old, undefined);
    if (old !== undefined) for (const listener of this.#listeners) listener(key, old, undefined);
  }

  /** Puts these rows, and deletes all others. */
  replace(rows: Iterable<readonly [K, V]>): void {
    const now = new Map(rows);
    this.keep(new Set(now.keys()));
    for (const [key, row] of now) this.put(key, row);
  }

  /** Deletes all rows but those with these keys. */
  keep(keys: ReadonlySet<K>): void {
    for (const key of [...this.#rows.keys()]) if (!keys.has(key)) this.delete(key);
  }

  get size(): number {
    return this.#rows.size;
  }
  has(key: K): boolean {
    return this.#rows.has(key);
  }
  get(key: K): V | undefined {
    return this.#rows.get(key);
  }
  keys(): Iterable<K> {
    return this.#rows.keys();
  }
  all(): Iterable<V> {
    return this.#rows.values();
  }
  by(index: I, by: IndexKey): readonly V[] {
    const keys = this.#lists[index].get(by);
    if (!keys) return noRows;
    const rows: V[] = [];
    // Safe: an index lists keys of rows that are there.
    for (const key of keys) rows.push(this.#rows.get(key) as V);
    return rows;
  }
  keysBy(index: I, by: IndexKey): ReadonlySet<K> {
    return this.#lists[index].get(by) ?? none;
  }

  #take(key: K): V | undefined {
    const old = this.#rows.get(key);
    if (!this.#rows.delete(key) || old === undefined) return undefined;
    for (const index of this.#names)
      for (const by of this.indices[index](old)) {
        const keys = this.#lists[index].get(by);
        if (keys?.delete(key) && keys.size === 0) this.#lists[index].delete(by);
      }
    return old;
  }
}

/** Tables as those see them who only read. */
export type ViewOf<T> = { readonly [K in keyof T]: T[K] extends { readonly view: infer V } ? V : never };
