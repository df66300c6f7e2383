/**
 * Something large that is given away once. A generator that waits keeps all its variables, also those that nothing reads any more: a
 * follower's snapshot would be held as long as it is followed.
 */
export class HandOver<T> {
  #held: T | undefined;

  constructor(held: T) {
    this.#held = held;
  }

  /** @throws Error the second time */
  take(): T {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) throw new Error('it has been taken before');
    return held;
  }
}
