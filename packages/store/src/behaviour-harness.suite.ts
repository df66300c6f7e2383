import { vi } from 'vitest';
import type { FollowEvent, LeaseId, Operation, Revision, Store } from './store.js';

/** What the behaviour suite needs to know about an implementation: how to get clients, and how to make trouble. */
export interface StoreHarness {
  /** A new client; the harness closes it at the end. */
  open(): Store;
  /** A client whose connection can be cut: the server then hears nothing of it, nor it of the server. */
  openBehindWall(): Promise<{ readonly store: Store; cut(): void; heal(): void }>;
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  compact(revision: Revision): Promise<void>;
  /** The server forgets the lease, and its holder is not told. */
  dropLease(id: LeaseId): Promise<void>;
  dispose(): Promise<void>;
}

/** A consumer that keeps up: applies every event, and remembers what it knew after each. */
export class View {
  readonly state = new Map<string, string>();
  readonly events: FollowEvent[] = [];
  /** What was known after each snapshot or change, with its revision. */
  readonly history: { readonly revision: Revision; readonly state: ReadonlyMap<string, string> }[] = [];
  readonly done: Promise<void>;
  readonly #stop = new AbortController();

  constructor(store: Store, prefixes: readonly string[]) {
    this.done = this.#run(store.follow(prefixes, this.#stop.signal));
  }

  get kinds(): readonly string[] {
    return this.events.map((event) => event.kind);
  }

  /** Waits until a condition holds for what was seen. */
  until(condition: (view: View) => boolean, timeoutMs = 15_000): Promise<void> {
    return vi.waitFor(
      () => {
        if (!condition(this)) throw new Error(`not seen in time; saw ${this.kinds.slice(-10).join(', ')}`);
      },
      { timeout: timeoutMs, interval: 5 },
    );
  }

  stop(): Promise<void> {
    this.#stop.abort();
    return this.done;
  }

  async #run(events: AsyncIterable<FollowEvent>): Promise<void> {
    for await (const event of events) {
      applyEvent(this.state, event);
      this.events.push(event);
      if (event.kind !== 'stale') this.history.push({ revision: event.revision, state: new Map(this.state) });
    }
  }
}

export function applyEvent(state: Map<string, string>, event: FollowEvent): void {
  if (event.kind === 'stale') return;
  if (event.kind === 'snapshot') {
    state.clear();
    for (const { key, value } of event.entries) state.set(key, value);
    return;
  }
  for (const change of event.changes) {
    if (change.kind === 'put') state.set(change.entry.key, change.entry.value);
    else state.delete(change.key);
  }
}

export function put(store: Store, key: string, value: string) {
  return store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
}

/** Writes many keys, 128 a transaction. */
export async function putAll(store: Store, entries: Iterable<readonly [string, string]>): Promise<void> {
  const operations: Operation[] = [...entries].map(([key, value]) => ({ kind: 'put', key, value }));
  for (let index = 0; index < operations.length; index += 128) {
    await store.transact({ compare: [], operations: operations.slice(index, index + 128) });
  }
}
