import { type AuditEntry, auditCodec, auditExportedCodec, keys, prefixes } from '@taas/model';
import type { Logger } from '@taas/service';
import type { FollowEvent, KeyValue, Revision, Store } from '@taas/store';

/** What one transaction did, as etcd has it. */
export interface Logged {
  readonly key: string;
  readonly revision: Revision;
  /** Empty if nobody can read it. */
  readonly entries: readonly AuditEntry[];
}

/** An entry with the name by which it is told from all others, also in files. */
export type NumberedEntry = AuditEntry & { readonly id: string; readonly revision: Revision };

export const numbered = ({ key, revision, entries }: Logged): readonly NumberedEntry[] =>
  entries.map((entry, n) => ({ id: `${key.slice(prefixes.auditEntries.length)}.${n}`, revision, ...entry }));

/** The audit trail as etcd has it, in the order in which things happened, kept up to date. */
export class AuditLog {
  /** Whether what is here is known to be all. */
  fresh = false;
  /** Up to which revision all is in a file. */
  exported: Revision = 0;
  /** Records that nobody can read; they are exported as such. */
  unreadable = 0;
  /** In the order of their revisions, as a Map keeps the order in which it was filled. */
  #logged = new Map<string, Logged>();
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly store: Store,
    private readonly logger: Logger,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for await (const event of this.store.follow([prefixes.audit], signal)) {
      this.#take(event);
      for (const listener of this.#listeners) listener();
    }
    this.fresh = false;
  }

  /** @returns a function that ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get size(): number {
    return this.#logged.size;
  }

  has(key: string): boolean {
    return this.#logged.has(key);
  }

  /** The oldest first. */
  all(): IterableIterator<Logged> {
    return this.#logged.values();
  }

  /** Those that are in no file yet, the oldest first. */
  unexported(): Logged[] {
    return [...this.#logged.values()].filter(({ revision }) => revision > this.exported);
  }

  #take(event: FollowEvent): void {
    if (event.kind === 'stale') {
      this.fresh = false;
      return;
    }
    if (event.kind === 'snapshot') {
      this.#logged = new Map();
      for (const entry of [...event.entries].sort((a, b) => a.modRevision - b.modRevision)) this.#put(entry);
    } else {
      for (const change of event.changes) {
        if (change.kind === 'put') this.#put(change.entry);
        else this.#logged.delete(change.key);
      }
    }
    this.fresh = true;
  }

  #put({ key, value, modRevision: revision }: KeyValue): void {
    try {
      if (key === keys.auditExported) this.exported = auditExportedCodec.parse(key, value).revision;
      if (!key.startsWith(prefixes.auditEntries)) return;
      this.#logged.delete(key);
      this.#logged.set(key, { key, revision, entries: auditCodec.parse(key, value).entries });
    } catch (error) {
      // Whatever it is: the trail goes on.
      this.unreadable += 1;
      const problem = error instanceof Error ? error.message : String(error);
      this.logger.error({ key, problem }, 'malformed record of the audit trail');
      if (key.startsWith(prefixes.auditEntries)) this.#logged.set(key, { key, revision, entries: [] });
    }
  }
}
