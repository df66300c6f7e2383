/**
 * Keys that need attention, each at most once: bounded by the number of keys, however fast events come. A key that is
 * added while somebody works on it comes again afterwards, and is never worked on by two at a time.
 */
export class WorkQueue {
  readonly #waiting = new Set<string>();
  readonly #busy = new Set<string>();
  readonly #again = new Set<string>();
  readonly #takers: (() => void)[] = [];
  readonly #idlers: (() => void)[] = [];

  add(key: string): void {
    if (this.#busy.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#takers.shift()?.();
  }

  /** The next key, oldest first. The taker must call {@link done}. @throws the signal's reason */
  async take(signal: AbortSignal): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      for (const key of this.#waiting) {
        this.#waiting.delete(key);
        this.#busy.add(key);
        return key;
      }
      await this.#wait(this.#takers, signal);
    }
  }

  done(key: string): void {
    this.#busy.delete(key);
    if (this.#again.delete(key)) this.add(key);
    if (this.size === 0) for (const wake of this.#idlers.splice(0)) wake();
  }

  /** Whether a key that somebody works on has been added again since. */
  isAgain(key: string): boolean {
    return this.#again.has(key);
  }

  /** Keys waiting or being worked on. */
  get size(): number {
    return this.#waiting.size + this.#busy.size;
  }

  /** Resolves when nothing waits and nobody works. */
  async idle(signal: AbortSignal): Promise<void> {
    while (this.size > 0) {
      await this.#wait(this.#idlers, signal);
      signal.throwIfAborted();
    }
  }

  #wait(line: (() => void)[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        const at = line.indexOf(wake);
        if (at >= 0) line.splice(at, 1);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      line.push(wake);
    });
  }
}
