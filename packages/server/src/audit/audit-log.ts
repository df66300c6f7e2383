import { type AuditEntry, prefixes } from '@taas/model';
import type { Logger } from '@taas/service';
import type { FollowEvent, KeyValue, Revision, Store } from '@taas/store';
import { mergeSorted } from '../slices/merge-sort.js';
import type { Sliced, Slices } from '../slices/slices.js';
import { AuditTrail, type Logged } from './audit-trail.js';

/** An entry with the name by which it is told from all others, also in files. */
export type NumberedEntry = AuditEntry & { readonly id: string; readonly revision: Revision };

export const numbered = ({ key, revision, entries }: Logged): readonly NumberedEntry[] =>
  entries.map((entry, n) => ({ id: `${key.slice(prefixes.auditEntries.length)}.${n}`, revision, ...entry }));

/** The audit trail as etcd has it, in the order in which things happened, kept up to date. */
export class AuditLog {
  /** Whether what is here is known to be all. */
  fresh = false;
  /** Records that nobody can read; they are exported as such. */
  unreadable = 0;
  #trail = new AuditTrail();
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly store: Store,
    private readonly logger: Logger,
    /** A long trail is read in these. */
    private readonly slices: Slices,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    for await (const event of this.store.follow([prefixes.audit], signal)) {
      if (event.kind === 'stale') this.fresh = false;
      else {
        if (event.kind === 'snapshot') this.#trail = await this.slices.run('', this.#read(event.entries));
        else this.#change(event.changes);
        this.fresh = true;
      }
      for (const listener of this.#listeners) listener();
    }
    this.fresh = false;
  }

  /** @returns a function that ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What is here now; another one after each snapshot. */
  get trail(): AuditTrail {
    return this.#trail;
  }

  *#read(entries: readonly KeyValue[]): Sliced<AuditTrail> {
    const trail = new AuditTrail();
    for (const entry of yield* mergeSorted(entries, (a, b) => a.modRevision - b.modRevision)) {
      this.#put(trail, entry);
      yield;
    }
    return trail;
  }

  #change(changes: Extract<FollowEvent, { kind: 'changes' }>['changes']): void {
    for (const change of changes) {
      if (change.kind === 'put') this.#put(this.#trail, change.entry);
      else this.#trail.delete(change.key);
    }
  }

  #put(trail: AuditTrail, entry: KeyValue): void {
    try {
      trail.put(entry);
    } catch (error) {
      // Whatever it is: the trail goes on.
      this.unreadable += 1;
      const problem = error instanceof Error ? error.message : String(error);
      this.logger.error({ key: entry.key, problem }, 'malformed record of the audit trail');
    }
  }
}
