/** What a table's rows are found by, apart from their key. */
export type IndexKey = string | number;

/** What may be read of a {@link Table}; each look-up takes constant time. */
export interface TableView<K, V, I extends string = never> {
  readonly size: number;
  has(key: K): boolean;
  get(key: K): V | undefined;
  keys(): Iterable<K>;
  all(): Iterable<V>;
  /** The rows that this index lists under `by`, those that were put last at the end. */
  by(index: I, by: IndexKey): readonly V[];
  /** The keys of those rows. */
  keysBy(index: I, by: IndexKey): ReadonlySet<K>;
}

/** How a row is found in an index: under each of these. */
export type Indices<V, I extends string> = { readonly [N in I]: (row: V) => Iterable<IndexKey> };

const none: ReadonlySet<never> = new Set<never>();
const noRows: readonly never[] = [];

/** Rows by key, and by whatever else they are looked for. */
export class Table<K, V, I extends string = never> implements TableView<K, V, I> {
  readonly #rows = new Map<K, V>();
  readonly #names: readonly I[];
  readonly #lists: { readonly [N in I]: Map<IndexKey, Set<K>> };

  /** @param changed told of each row after it was put or deleted; also when one is deleted that was not there */
  constructor(
    private readonly indices: Indices<V, I>,
    private readonly changed: (key: K, old: V | undefined, now: V | undefined) => void = () => undefined,
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

  put(key: K, row: V): void {
    const old = this.#take(key);
    this.#rows.set(key, row);
    for (const index of this.#names)
      for (const by of this.indices[index](row)) {
        const keys = this.#lists[index].get(by);
        if (keys) keys.add(key);
        else this.#lists[index].set(by, new Set([key]));
      }
    this.changed(key, old, row);
  }

  delete(key: K): void {
    const old = this.#take(key);
    this.changed(key, old, undefined);
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
