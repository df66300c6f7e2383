/**
 * What the compiler has decided to take for somebody, and etcd may not show yet: those who are planned meanwhile count it as taken, or
 * several at once would reach for the same, and have more than a project's share between them.
 */
export class Takings<T> {
  readonly #inHand = new Map<string, readonly T[]>();
  #changes = 0;

  /** @param who has nothing in hand */
  take(who: string, what: readonly T[]): void {
    this.#changes += 1;
    this.#inHand.set(who, what);
  }

  /**
   * Nothing of it is in hand any more.
   * @param isTaken the view shows it as taken
   * @returns whether there is something that others may have instead
   */
  end(who: string, isTaken: boolean): boolean {
    const had = this.#inHand.delete(who);
    if (had) this.#changes += 1;
    return had && !isTaken;
  }

  /** Grows with each change of what is in hand. */
  get changes(): number {
    return this.#changes;
  }

  /** What is in hand for others. */
  *ofOthers(who: string): Generator<T> {
    for (const [other, what] of this.#inHand) if (other !== who) yield* what;
  }
}
