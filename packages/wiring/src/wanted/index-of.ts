/** Sets by key that forget their empty ones. */
export class IndexOf<K, V> {
  readonly #sets = new Map<K, Set<V>>();

  add(key: K, value: V): void {
    const set = this.#sets.get(key);
    if (set) set.add(value);
    else this.#sets.set(key, new Set([value]));
  }

  delete(key: K, value: V): void {
    const set = this.#sets.get(key);
    if (set?.delete(value) && set.size === 0) this.#sets.delete(key);
  }

  *pairs(): Iterable<readonly [K, V]> {
    for (const [key, set] of this.#sets) for (const value of set) yield [key, value];
  }

  get(key: K): ReadonlySet<V> {
    return this.#sets.get(key) ?? empty;
  }
}

const empty: ReadonlySet<never> = new Set<never>();
