import { Line } from '../slices/line.js';

/** Of so many keys taken, one is of those that can wait, if there are any: they come to their end however much else there is. */
const turnOfLater = 4;

/**
 * Keys that need attention, each at most once: bounded by the number of keys, however fast events come. A key that is
 * added while somebody works on it comes again afterwards, and is never worked on by two at a time.
 */
export class WorkQueue {
  readonly #waiting = new Line<string>();
  /** Keys that are looked at to be sure: what something has happened to goes before them. */
  readonly #later = new Line<string>();
  #taken = 0;
  readonly #busy = new Set<string>();
  readonly #again = new Set<string>();
  readonly #takers: (() => void)[] = [];
  readonly #idlers: (() => void)[] = [];

  add(key: string): void {
    if (this.#busy.has(key)) this.#again.add(key);
    else {
      this.#later.delete(key);
      this.#waiting.add(key);
    }
    this.#takers.shift()?.();
  }

  /** As {@link add}, for a key that can wait. */
  addLater(key: string): void {
    if (this.#waiting.has(key)) return;
    if (this.#busy.has(key)) this.#again.add(key);
    else this.#later.add(key);
    this.#takers.shift()?.();
  }

  /** The next key, oldest first, those that can wait behind the others. The taker must call {@link done}. @throws the signal's reason */
  async take(signal: AbortSignal): Promise<string> {
    for (;;) {
      signal.throwIfAborted();
      const key = this.#next();
      if (key !== undefined) {
        this.#busy.add(key);
        return key;
      }
      await this.#wait(this.#takers, signal);
    }
  }

  #next(): string | undefined {
    this.#taken += 1;
    const lines = this.#taken % turnOfLater === 0 ? [this.#later, this.#waiting] : [this.#waiting, this.#later];
    for (const line of lines) {
      const key = line.shift();
      if (key !== undefined) return key;
    }
    return undefined;
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
    return this.#waiting.size + this.#later.size + this.#busy.size;
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
