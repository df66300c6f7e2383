import type { EmbeddedData, HistoryRecord } from './embedded-data.js';
import { compareKeys, disjointPrefixes } from './key-order.js';
import type { Change, FollowEvent, KeyValue, Revision } from './store.js';
import { StoreError } from './store-error.js';

/**
 * One follower. It keeps no queue of its own: it remembers the next revision to read and reads the shared history when
 * its consumer asks, so a slow consumer costs nothing and starts again when the history has moved on without it.
 */
export class EmbeddedFollower {
  readonly #prefixes: readonly string[];
  /** The next revision to read, or undefined when a snapshot is due. */
  #next: Revision | undefined;
  /** A `stale` that the consumer has not been told yet. */
  #trouble: StoreError | undefined;
  #reachable: boolean;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(
    private readonly data: EmbeddedData,
    prefixes: readonly string[],
    reachable: boolean,
  ) {
    this.#prefixes = disjointPrefixes(prefixes);
    this.#reachable = reachable;
    if (!reachable) this.#trouble = new StoreError('unavailable', 'the embedded store is stopped or disconnected');
  }

  changed(record: HistoryRecord): void {
    if (this.#wake === undefined) return;
    // A parked follower has read everything before, so it may step over what is not its own without waking up.
    if (this.#next === record.revision && this.#own([record]).length === 0) this.#next = record.revision + 1;
    else this.#wake();
  }

  setReachable(reachable: boolean): void {
    if (this.#reachable && !reachable) {
      this.#trouble = new StoreError('unavailable', 'the embedded store was stopped or disconnected');
      this.#next = undefined;
    }
    this.#reachable = reachable;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *events(signal: AbortSignal): AsyncGenerator<FollowEvent, void, undefined> {
    const onAbort = () => this.end();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!this.#ended && !signal.aborted) {
        const event = this.#read();
        if (event !== undefined) yield event;
        else await this.#parked();
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #read(): FollowEvent | undefined {
    if (this.#trouble !== undefined) {
      const cause = this.#trouble;
      this.#trouble = undefined;
      return { kind: 'stale', cause };
    }
    if (!this.#reachable) return undefined;
    if (this.#next === undefined) return this.#snapshot();
    const records = this.data.since(this.#next);
    if (records === undefined) {
      this.#next = undefined;
      return { kind: 'stale', cause: new StoreError('unavailable', 'the changes since the last event were compacted') };
    }
    this.#next = this.data.revision + 1;
    const changes = this.#own(records);
    return changes.length === 0 ? undefined : { kind: 'changes', revision: this.data.revision, changes };
  }

  #snapshot(): FollowEvent {
    this.#next = this.data.revision + 1;
    const entries: KeyValue[] = this.#prefixes.flatMap((prefix) => this.data.list(prefix));
    return {
      kind: 'snapshot',
      revision: this.data.revision,
      entries: entries.sort((a, b) => compareKeys(a.key, b.key)),
    };
  }

  #own(records: readonly HistoryRecord[]): Change[] {
    const changes = records.flatMap((record) => record.changes);
    return changes.filter((change) => {
      const key = change.kind === 'put' ? change.entry.key : change.key;
      return this.#prefixes.some((prefix) => key.startsWith(prefix));
    });
  }

  /** Waits until something may have happened. Nothing can slip in between the read before and this: both are synchronous. */
  async #parked(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}
