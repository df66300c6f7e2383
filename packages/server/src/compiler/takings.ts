/**
 * What the compiler has decided to take for somebody, and etcd may not show yet: those who are planned meanwhile count it as taken, or
 * several at once would reach for the same, and have more than a project's share between them.
 */
export class Takings<T> {
  readonly #inHand = new Map<string, readonly T[]>();
  /** Who found nothing. */
  readonly #waiting = new Set<string>();
  #changes = 0;

  /** @param who has nothing in hand */
  take(who: string, what: readonly T[]): void {
    this.#changes += 1;
    this.#inHand.set(who, what);
  }

  /**
   * Nothing of it is in hand any more.
   * @param isTaken the view shows it as taken
   * @returns who should look again, since there may be something for them
   */
  end(who: string, isTaken: boolean): Iterable<string> {
    const had = this.#inHand.delete(who);
    if (had) this.#changes += 1;
    return had && !isTaken ? this.#waiting : [];
  }

  /** @param waits whether there was nothing left for it */
  setWaits(who: string, waits: boolean): void {
    if (waits) this.#waiting.add(who);
    else this.#waiting.delete(who);
  }

  /** Those for whom there was nothing left. */
  get waiting(): Iterable<string> {
    return this.#waiting;
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
