/**
 * Things that wait, each once, the first to come the first to go. A set alone does not do: whoever looks for its first member passes all
 * that have gone before.
 */
export class Line<T> {
  readonly #members = new Set<T>();
  /** Where the first member is. A set's iterator goes on behind what has been taken away, and comes to what is added later. */
  #from = this.#members.values();

  get size(): number {
    return this.#members.size;
  }

  has(member: T): boolean {
    return this.#members.has(member);
  }

  /** At the end; where it is if it waits already. */
  add(member: T): void {
    this.#members.add(member);
  }

  delete(member: T): void {
    this.#members.delete(member);
  }

  /** Takes the first one. */
  shift(): T | undefined {
    if (this.#members.size === 0) return undefined;
    let next = this.#from.next();
    if (next.done) {
      this.#from = this.#members.values();
      next = this.#from.next();
    }
    if (next.done) return undefined;
    this.#members.delete(next.value);
    return next.value;
  }
}
