export interface FairTurnsLimits {
  /** Who may have a turn at a time. */
  readonly concurrent: number;
  /** Of which with the same key. */
  readonly concurrentPerKey: number;
  /** Who may wait. */
  readonly waiting: number;
  /** Of which with the same key. */
  readonly waitingPerKey: number;
}

/** More wait than may. */
export class TurnsFullError extends Error {
  override readonly name = 'TurnsFullError';
}

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (reason: unknown) => void;
}

/**
 * Turns of a bounded number, shared fairly between keys (clients, say): the keys with somebody waiting are served in
 * rotation, and when the queue is full, the key with the longest queue gives up its latest place to one with a shorter.
 */
export class FairTurns {
  /** How many have a turn, by key; a key without any is not in it. */
  readonly #running = new Map<string, number>();
  /** By key, in the order in which keys are served; no queue is empty. */
  readonly #queues = new Map<string, Waiting[]>();
  #taken = 0;
  #waiting = 0;

  constructor(private readonly limits: FairTurnsLimits) {}

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Resolves with the function that ends the turn; calling it twice does nothing more.
   * @throws TurnsFullError when too many wait; the signal's reason
   */
  async take(key: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken < this.limits.concurrent && this.#mayRun(key)) this.#start(key);
    else await this.#wait(key, signal);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#end(key);
    };
  }

  #mayRun(key: string): boolean {
    return (this.#running.get(key) ?? 0) < this.limits.concurrentPerKey;
  }

  #start(key: string): void {
    this.#taken += 1;
    this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
  }

  #end(key: string): void {
    this.#taken -= 1;
    const left = (this.#running.get(key) ?? 1) - 1;
    if (left > 0) this.#running.set(key, left);
    else this.#running.delete(key);
    for (const [next, queue] of this.#queues) {
      if (!this.#mayRun(next)) continue;
      const [first] = queue;
      if (first === undefined) continue;
      this.#remove(next, first);
      // The key goes to the end of the rotation.
      const rest = this.#queues.get(next);
      if (rest !== undefined) {
        this.#queues.delete(next);
        this.#queues.set(next, rest);
      }
      this.#start(next);
      first.enter();
      return;
    }
  }

  #wait(key: string, signal: AbortSignal): Promise<void> {
    const length = this.#queues.get(key)?.length ?? 0;
    if (length >= this.limits.waitingPerKey || (this.#waiting >= this.limits.waiting && !this.#makeRoom(length))) {
      return Promise.reject(new TurnsFullError(`${this.#taken} have a turn and ${this.#waiting} wait`));
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#remove(key, place);
        reject(signal.reason);
      };
      const place: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
        refuse: (reason) => {
          signal.removeEventListener('abort', onAbort);
          reject(reason);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const queue = this.#queues.get(key);
      if (queue === undefined) this.#queues.set(key, [place]);
      else queue.push(place);
      this.#waiting += 1;
    });
  }

  /** Takes the latest place of the longest queue away, if that is longer than one that gets a place more. */
  #makeRoom(length: number): boolean {
    let longest: readonly [string, Waiting[]] | undefined;
    for (const entry of this.#queues) if (entry[1].length > (longest?.[1].length ?? 0)) longest = entry;
    const last = longest?.[1].at(-1);
    if (longest === undefined || last === undefined || longest[1].length <= length + 1) return false;
    this.#remove(longest[0], last);
    last.refuse(new TurnsFullError('another client that waits with less has got the place'));
    return true;
  }

  #remove(key: string, place: Waiting): void {
    const queue = this.#queues.get(key);
    const at = queue?.indexOf(place) ?? -1;
    if (queue === undefined || at < 0) return;
    queue.splice(at, 1);
    this.#waiting -= 1;
    if (queue.length === 0) this.#queues.delete(key);
  }
}
