/** Sets by key that forget their empty ones. */
export class IndexOf<K, V> {
  readonly #sets = new Map<K, { readonly values: Set<V>; stamp: number }>();
  #lastStamp = 0;

  add(key: K, value: V): void {
    const known = this.#sets.get(key);
    const stamp = ++this.#lastStamp;
    if (!known) {
      this.#sets.set(key, { values: new Set([value]), stamp });
      return;
    }
    known.values.add(value);
    known.stamp = stamp;
  }

  delete(key: K, value: V): void {
    const known = this.#sets.get(key);
    if (!known?.values.delete(value)) return;
    known.stamp = ++this.#lastStamp;
    if (known.values.size === 0) this.#sets.delete(key);
  }

  *pairs(): Iterable<readonly [K, V]> {
    for (const [key, { values }] of this.#sets) for (const value of values) yield [key, value];
  }

  get(key: K): ReadonlySet<V> {
    return this.#sets.get(key)?.values ?? empty;
  }

  /** Another number whenever something was put under the key or taken away since; 0: nothing is there. */
  stampOf(key: K): number {
    return this.#sets.get(key)?.stamp ?? 0;
  }
}

const empty: ReadonlySet<never> = new Set<never>();
