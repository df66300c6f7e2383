/**
 * Small integers as VPP's pools give them out: the one freed last is given first (vppinfra/pool.h). That is what makes a
 * stale reference to an index dangerous: the next object created gets it.
 */
export class IndexPool {
  readonly #free: number[] = [];
  #next = 0;

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  /** Gives back an index; the caller takes care to do so once. */
  give(index: number): void {
    this.#free.push(index);
  }
}
