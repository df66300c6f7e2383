/**
 * The latest of things that come again and again: each once, at the place of its last coming. A map alone does not do: whoever looks for
 * its first entry passes all that have gone or moved.
 */
export class Latest<K, V> {
  readonly #byKey = new Map<K, V>();
  /** Where the oldest is. A map's iterator goes on behind what has been taken away, and comes to what is added later. */
  #from = this.#byKey.entries();

  /** @param most of more, the oldest goes */
  constructor(private readonly most: number) {}

  get(key: K): V | undefined {
    return this.#byKey.get(key);
  }

  delete(key: K): void {
    this.#byKey.delete(key);
  }

  /** @returns what has gone for it */
  put(key: K, value: V): V | undefined {
    this.#byKey.delete(key);
    this.#byKey.set(key, value);
    return this.#byKey.size > this.most ? this.#shift() : undefined;
  }

  /** The oldest first. */
  values(): IterableIterator<V> {
    return this.#byKey.values();
  }

  clear(): void {
    this.#byKey.clear();
    this.#from = this.#byKey.entries();
  }

  #shift(): V | undefined {
    let next = this.#from.next();
    if (next.done) {
      this.#from = this.#byKey.entries();
      next = this.#from.next();
    }
    if (next.done) return undefined;
    const [key, value] = next.value;
    this.#byKey.delete(key);
    return value;
  }
}
