import { expect, vi } from 'vitest';
import type { V2Event } from './v2-event.js';
import type { V2Follower } from './v2-follower.js';

/** A consumer that keeps up, and checks that what it is told fits together. */
export class V2View {
  readonly state = new Map<string, string>();
  readonly kinds: V2Event['kind'][] = [];
  stale: Error | undefined;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #index = 0;

  constructor(follower: V2Follower, directory: string) {
    this.#done = this.#run(follower.follow(directory, this.#stop.signal));
  }

  until(condition: (view: V2View) => boolean, timeoutMs = 15_000): Promise<void> {
    const check = () => {
      if (!condition(this)) throw new Error(`not seen in time; saw ${this.kinds.slice(-10)}, ${this.stale}`);
    };
    return vi.waitFor(check, { timeout: timeoutMs, interval: 5 });
  }

  /** Resolves when a key has the value. */
  sees(key: string, value: string): Promise<void> {
    return this.until(({ state }) => state.get(key) === value);
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return this.#done;
  }

  async #run(events: AsyncIterable<V2Event>): Promise<void> {
    for await (const event of events) {
      if (event.kind === 'snapshot') {
        this.state.clear();
        for (const { key, value } of event.entries) this.state.set(key, value);
      } else if (event.kind === 'changes') {
        // Changes come between a snapshot and the next trouble, in order, and none is about a key that was not there.
        expect(this.kinds.at(-1)).not.toBe('stale');
        expect(event.index).toBeGreaterThan(this.#index);
        for (const change of event.changes) {
          if (change.kind === 'put') this.state.set(change.entry.key, change.entry.value);
          else expect(this.state.delete(change.key)).toBe(true);
        }
      } else {
        expect(this.kinds.at(-1)).not.toBe('stale');
        this.stale = event.cause;
      }
      if (event.kind !== 'stale') this.#index = event.index;
      this.kinds.push(event.kind);
    }
  }
}
