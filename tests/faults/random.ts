/**
 * Choices that a seed decides. A fork has choices of its own, so that how often one part of a run chooses does not change
 * what another part gets.
 */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1); mulberry32, a public-domain generator of 32 bits of state. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from `first` to `last`, both included. */
  int(first: number, last: number): number {
    return first + Math.floor(this.next() * (last - first + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws RangeError for nothing to choose from */
  pick<T>(from: readonly T[]): T {
    const picked = from[this.int(0, from.length - 1)];
    if (picked === undefined) throw new RangeError('there is nothing to choose from');
    return picked;
  }

  /** In an order of its own. */
  shuffled<T>(of: readonly T[]): T[] {
    const left = [...of];
    const order: T[] = [];
    while (left.length > 0) order.push(...left.splice(this.int(0, left.length - 1), 1));
    return order;
  }

  fork(name: string): Random {
    let hash = this.seed ^ 0x811c9dc5;
    for (const letter of name) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
    return new Random(hash);
  }
}
