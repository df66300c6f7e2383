import { Latest } from '@taas/service';
import type { KeyValue, Revision } from '../store.js';

/** Keys whose newest revision is remembered: some 200 bytes each. */
const maxRemembered = 500_000;

/**
 * Tells an old value that somebody has put back from a new one: its writer had not seen the newest that was signed for its key.
 * Remembers in this process alone, so after a restart what is in the store counts if its signature holds; and whoever puts the
 * store back to a backup has to restart the programs.
 */
export class ReplayWatch {
  readonly #newest = new Latest<string, Revision>(maxRemembered);
  #seen: Revision = 0;

  /** The newest revision that we know of: what we sign says so. */
  get seen(): Revision {
    return this.#seen;
  }

  /** The store is known to have been at a revision. */
  reached(revision: Revision): void {
    this.#seen = Math.max(this.#seen, revision);
  }

  /**
   * @param entry whose signature holds
   * @param writerSaw the newest revision that its writer knew of
   * @returns whether the value is a new one
   */
  take({ key, modRevision }: KeyValue, writerSaw: Revision): boolean {
    const newest = this.#newest.get(key) ?? 0;
    if (modRevision > newest) {
      if (writerSaw < newest) return false;
      this.#newest.put(key, modRevision);
    }
    return true;
  }
}
