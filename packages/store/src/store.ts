/** etcd's store revision. It counts transactions, so a JavaScript number is exact for any cluster's lifetime. */
export type Revision = number;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** Revision at which the key was created (since its last deletion). */
  readonly createRevision: Revision;
  /** Revision of the last change of the key. */
  readonly modRevision: Revision;
  /** The lease that the key goes with; absent: none. A put without it takes the key off. */
  readonly lease?: LeaseId;
  /** Why the value must not be believed, where values are signed; `value` is empty then. */
  readonly refused?: string;
}

/** What must hold for a transaction to be carried out. */
export type Compare =
  | { readonly kind: 'absent'; readonly key: string }
  | { readonly kind: 'present'; readonly key: string }
  | { readonly kind: 'mod-revision'; readonly key: string; readonly revision: Revision }
  | { readonly kind: 'value'; readonly key: string; readonly value: string };

export type Operation =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly lease?: LeaseId }
  | { readonly kind: 'delete'; readonly key: string };

export interface Transaction {
  readonly compare: readonly Compare[];
  /** At most `maxTxnOperations` (etcd's --max-txn-ops, 128); a key may stand there once. */
  readonly operations: readonly Operation[];
}

export type TransactionResult =
  | { readonly succeeded: true; readonly revision: Revision }
  | {
      readonly succeeded: false;
      readonly revision: Revision;
      /** The keys named in `compare`, in that order, as they stood when the transaction was refused. */
      readonly current: readonly (KeyValue | undefined)[];
    };

export const maxTxnOperations = 128;

export type LeaseId = string;

export interface Lease {
  readonly id: LeaseId;
  /** Aborts when the lease is known or must be assumed to be gone (not renewed in time, revoked, store closed). */
  readonly lost: AbortSignal;
  /**
   * Stops renewing and revokes: its keys go at once. Safe to call twice and after loss. When it throws `unavailable`, the
   * keys stay until the lease runs out.
   */
  revoke(): Promise<void>;
}

export type Change =
  | { readonly kind: 'put'; readonly entry: KeyValue }
  | { readonly kind: 'delete'; readonly key: string; readonly modRevision: Revision };

/**
 * What a follower sees. A `snapshot` is the whole truth at its revision and replaces whatever the follower knew; it comes
 * first, and again after a compaction, a gap, a reconnect or any other doubt. `changes` are all those of one or more
 * whole revisions, in order, after the last event. Between `stale` and the next `snapshot` the store cannot be seen: what
 * the follower knows may be out of date. There is one `stale` an outage, also before the first snapshot if the store
 * cannot be reached at once. A snapshot's entries are the follower's own, which may take them out of the list one by one.
 *
 * With several prefixes, each one is told in order and in whole revisions, but etcd promises nothing between them: a
 * transaction that touched two prefixes may come in two events, one after the other.
 */
export type FollowEvent =
  | { readonly kind: 'snapshot'; readonly revision: Revision; readonly entries: KeyValue[] }
  | { readonly kind: 'changes'; readonly revision: Revision; readonly changes: readonly Change[] }
  | { readonly kind: 'stale'; readonly cause: Error };

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * etcd, as far as the system needs it. Every method throws {@link StoreError}; an aborted call throws the signal's
 * reason. Keys are absolute (`/networking-vpp/...`), values are UTF-8 text.
 */
export interface Store {
  get(key: string, options?: CallOptions): Promise<KeyValue | undefined>;
  /** All keys that start with `prefix`, in key order, as of one revision. */
  list(
    prefix: string,
    options?: CallOptions,
  ): Promise<{ readonly revision: Revision; readonly entries: readonly KeyValue[] }>;
  /** One atomic compare-then-write. A transaction with nothing to compare always succeeds. */
  transact(transaction: Transaction, options?: CallOptions): Promise<TransactionResult>;
  /**
   * Lists the prefixes and watches them from the revision after: the only way to watch, so that nobody can subscribe to
   * changes and forget to list. Ends only by `signal` (return, not throw); trouble is reported as `stale` and mended
   * with back-off inside. A consumer that does not keep up gets a new snapshot instead of an unbounded queue.
   */
  follow(prefixes: readonly string[], signal: AbortSignal): AsyncIterable<FollowEvent>;
  /** Grants a lease and keeps it alive until `revoke` or loss. */
  lease(ttlSeconds: number, options?: CallOptions): Promise<Lease>;
  /** Fails all calls in flight and ends all followers. */
  close(): Promise<void>;
}
