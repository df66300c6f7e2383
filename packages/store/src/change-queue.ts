import type { Change, KeyValue, Revision } from './store.js';
import { StoreError } from './store-error.js';

export interface ChangeQueueLimits {
  readonly maxChanges: number;
  /** Characters of keys and values. */
  readonly maxCharacters: number;
}

/**
 * What may wait for a consumer that reads a snapshot: as much as the snapshot itself, where that is more than `limits`. Reading a large
 * snapshot takes long, and with a fixed bound it would have to be read again and again while there are changes.
 */
export function besideSnapshot(entries: readonly KeyValue[], limits: ChangeQueueLimits): ChangeQueueLimits {
  const characters = entries.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  return {
    maxChanges: Math.max(limits.maxChanges, entries.length),
    maxCharacters: Math.max(limits.maxCharacters, characters),
  };
}

export interface ChangeBatch {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

/**
 * Between a watch and its consumer: bounded, and everything that waits is handed over at once. When it overflows, all of
 * it is dropped, since a new snapshot is cheaper than what the consumer cannot take.
 */
export class ChangeQueue {
  #changes: Change[] = [];
  #characters = 0;
  #revision: Revision = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(private readonly limits: ChangeQueueLimits) {}

  /** Returns false when the queue takes nothing any more. */
  push(batch: ChangeBatch): boolean {
    if (this.#failure !== undefined) return false;
    for (const change of batch.changes) {
      this.#changes.push(change);
      this.#characters +=
        change.kind === 'put' ? change.entry.key.length + change.entry.value.length : change.key.length;
    }
    this.#revision = Math.max(this.#revision, batch.revision);
    if (this.#changes.length > this.limits.maxChanges || this.#characters > this.limits.maxCharacters) {
      this.#changes = [];
      this.fail(new StoreError('unavailable', 'the follower did not keep up with the changes'));
      return false;
    }
    this.#wake?.();
    return true;
  }

  /** What is in the queue may still be taken; then `take` throws `failure`. */
  fail(failure: Error): void {
    this.#failure ??= failure;
    this.#wake?.();
  }

  /** Waits for changes and takes them all. @throws the failure, once nothing is left. */
  async take(): Promise<ChangeBatch> {
    for (;;) {
      if (this.#changes.length > 0) {
        const changes = this.#changes;
        this.#changes = [];
        this.#characters = 0;
        return { revision: this.#revision, changes };
      }
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
