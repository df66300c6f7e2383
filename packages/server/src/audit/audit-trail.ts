import { type AuditEntry, auditCodec, auditExportedCodec, keys, prefixes } from '@taas/model';
import type { KeyValue, Revision } from '@taas/store';

/** What one transaction did, as etcd has it. */
export interface Logged {
  readonly key: string;
  readonly revision: Revision;
  /** Empty if nobody can read it. */
  readonly entries: readonly AuditEntry[];
}

/** The audit trail as it was read, and what of it is in no file yet. */
export class AuditTrail {
  /** In the order of their revisions, as a Map keeps the order in which it was filled. */
  readonly #logged = new Map<string, Logged>();
  /** Those of them that are in no file yet. */
  readonly #unexported = new Map<string, Logged>();
  #exported: Revision = 0;

  /** Up to which revision all is in a file. */
  get exported(): Revision {
    return this.#exported;
  }

  get size(): number {
    return this.#logged.size;
  }

  /** How many are in no file yet. */
  get unexported(): number {
    return this.#unexported.size;
  }

  has(key: string): boolean {
    return this.#logged.has(key);
  }

  /** The oldest first. */
  all(): IterableIterator<Logged> {
    return this.#logged.values();
  }

  /** The oldest of those that are in no file yet. */
  oldestUnexported(count: number): Logged[] {
    const oldest: Logged[] = [];
    for (const logged of this.#unexported.values()) {
      if (oldest.length === count) break;
      oldest.push(logged);
    }
    return oldest;
  }

  /** All up to a revision is in a file, and nothing behind it. */
  setExported(revision: Revision): void {
    const before = this.#exported;
    this.#exported = revision;
    if (revision < before) {
      this.#unexported.clear();
      for (const logged of this.#logged.values())
        if (logged.revision > revision) this.#unexported.set(logged.key, logged);
    }
    for (const [key, logged] of this.#unexported) {
      if (logged.revision > revision) return;
      this.#unexported.delete(key);
    }
  }

  delete(key: string): void {
    this.#logged.delete(key);
    this.#unexported.delete(key);
  }

  /** Takes a key in; each comes later than all before. @throws for a malformed value, once its key is known */
  put({ key, value, modRevision: revision }: KeyValue): void {
    if (key === keys.auditExported) this.setExported(auditExportedCodec.parse(key, value).revision);
    if (!key.startsWith(prefixes.auditEntries)) return;
    try {
      this.#set({ key, revision, entries: auditCodec.parse(key, value).entries });
    } catch (error) {
      this.#set({ key, revision, entries: [] });
      throw error;
    }
  }

  #set(logged: Logged): void {
    this.delete(logged.key);
    this.#logged.set(logged.key, logged);
    if (logged.revision > this.#exported) this.#unexported.set(logged.key, logged);
  }
}
