import { compareKeys } from './key-order.js';
import { SortedKeys } from './sorted-keys.js';
import type { Change, Compare, KeyValue, Operation, Revision, Transaction, TransactionResult } from './store.js';

/** All changes of one revision. */
export interface HistoryRecord {
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

/**
 * The data of an embedded store: etcd's multi-version key space with a bounded history. Pure bookkeeping: no time, no
 * waiting, no notification.
 */
export class EmbeddedData {
  /** etcd's store starts at revision 1 when it is empty. */
  #revision: Revision = 1;
  /** Changes of revisions up to and including this one can no longer be read. */
  #compacted: Revision = 0;
  readonly #entries = new Map<string, KeyValue>();
  /** The keys of `#entries`, in etcd's order. */
  readonly #keys = new SortedKeys();
  #history: HistoryRecord[] = [];

  constructor(private readonly historyLimit: number) {}

  get revision(): Revision {
    return this.#revision;
  }

  get(key: string): KeyValue | undefined {
    return this.#entries.get(key);
  }

  list(prefix: string): KeyValue[] {
    const found: KeyValue[] = [];
    for (const key of this.#keys.from(prefix)) {
      if (!key.startsWith(prefix)) break;
      const entry = this.#entries.get(key);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }

  /** Carries the transaction out; its limits are checked by the caller. */
  transact(transaction: Transaction): TransactionResult {
    if (!transaction.compare.every((compare) => holds(compare, this.#entries.get(compare.key)))) {
      const current = transaction.compare.map(({ key }) => this.#entries.get(key));
      return { succeeded: false, revision: this.#revision, current };
    }
    this.#apply(transaction.operations);
    return { succeeded: true, revision: this.#revision };
  }

  /** Deletes keys in one revision, as etcd does when a lease ends. */
  deleteAll(keys: Iterable<string>): void {
    this.#apply([...keys].sort(compareKeys).map((key) => ({ kind: 'delete', key })));
  }

  /** Forgets all changes up to and including `revision`. */
  compact(revision: Revision): void {
    this.#compacted = Math.max(this.#compacted, Math.min(revision, this.#revision));
    this.#history = this.#history.filter((record) => record.revision > this.#compacted);
  }

  /** The changes from revision `from` on, or undefined when some of them were compacted away. */
  since(from: Revision): readonly HistoryRecord[] | undefined {
    if (from <= this.#compacted) return undefined;
    const oldest = this.#history[0]?.revision ?? this.#revision + 1;
    // Every revision leaves exactly one record, so the place of a revision in the history is its distance to the oldest.
    return this.#history.slice(Math.max(0, from - oldest));
  }

  #apply(operations: readonly Operation[]): void {
    const revision = this.#revision + 1;
    const changes: Change[] = [];
    for (const operation of operations) {
      const change = operation.kind === 'put' ? this.#put(operation, revision) : this.#delete(operation.key, revision);
      if (change !== undefined) changes.push(change);
    }
    // As in etcd, a transaction that changed nothing takes no revision.
    if (changes.length === 0) return;
    this.#revision = revision;
    this.#history.push({ revision, changes });
    // Trimmed in steps: cutting one record off at every write would copy the whole history each time.
    if (this.#history.length > this.historyLimit * 1.5) this.compact(revision - this.historyLimit);
  }

  #put({ key, value, lease }: Extract<Operation, { kind: 'put' }>, revision: Revision): Change {
    const before = this.#entries.get(key);
    const entry: KeyValue = {
      key,
      value,
      createRevision: before?.createRevision ?? revision,
      modRevision: revision,
      ...(lease === undefined ? {} : { lease }),
    };
    if (before === undefined) this.#keys.add(key);
    this.#entries.set(key, entry);
    return { kind: 'put', entry };
  }

  #delete(key: string, revision: Revision): Change | undefined {
    if (!this.#entries.delete(key)) return undefined;
    this.#keys.delete(key);
    return { kind: 'delete', key, modRevision: revision };
  }
}

/** As etcd compares: a missing key has mod revision 0 and no value at all. */
function holds(compare: Compare, entry: KeyValue | undefined): boolean {
  switch (compare.kind) {
    case 'absent':
      return entry === undefined;
    case 'present':
      return entry !== undefined;
    case 'mod-revision':
      return (entry?.modRevision ?? 0) === compare.revision;
    case 'value':
      return entry?.value === compare.value;
  }
}
