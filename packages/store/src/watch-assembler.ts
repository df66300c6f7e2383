import type { ChangeBatch } from './change-queue.js';
import type { WatchResponse } from './generated/etcd_pb.js';
import type { Change, Revision } from './store.js';
import { StoreError } from './store-error.js';

/**
 * Turns the answers of one watch into batches of whole revisions: etcd cuts a large answer into fragments, and a fragment
 * may end in the middle of a revision. Pure: it is fed answers and returns what is complete.
 */
export class WatchAssembler {
  #fragments: Change[] = [];

  /** @param next the first revision that has not been seen yet */
  constructor(private next: Revision) {}

  /**
   * @param changes the answer's events
   * @returns the changes that are complete now, or undefined when there are none (yet)
   * @throws StoreError `unavailable` when the watch was cancelled (compaction among the causes) or repeats what was seen
   */
  accept(response: Omit<WatchResponse, 'events'>, changes: readonly Change[]): ChangeBatch | undefined {
    if (response.canceled || response.compactRevision > 0n) throw cancelled(response);
    for (const change of changes) this.#fragments.push(change);
    if (response.fragment || this.#fragments.length === 0) return undefined;
    const complete = this.#fragments;
    this.#fragments = [];
    return { revision: this.#checkOrder(complete), changes: complete };
  }

  #checkOrder(changes: readonly Change[]): Revision {
    let last = this.next;
    for (const change of changes) {
      const revision = change.kind === 'put' ? change.entry.modRevision : change.modRevision;
      if (revision < last) {
        throw new StoreError('unavailable', `etcd sent a change of revision ${revision} after revision ${last - 1}`);
      }
      last = revision;
    }
    this.next = last + 1;
    return last;
  }
}

function cancelled(response: Omit<WatchResponse, 'events'>): StoreError {
  if (response.compactRevision > 0n) {
    return new StoreError('unavailable', `the changes up to revision ${response.compactRevision} were compacted away`);
  }
  return new StoreError('unavailable', `etcd cancelled the watch: ${response.cancelReason || 'no reason given'}`);
}
