import type { CallOptions, Revision } from './store.js';

/** What one member of the cluster says of its database. */
export interface MemberSpace {
  readonly endpoint: string;
  /** Size of the file, in bytes: what the quota is compared with. It never shrinks but by a defragmentation. */
  readonly dbBytes: number;
  /** Of which in use, in bytes; the rest is used again before the file grows. */
  readonly inUseBytes: number;
  /** The member's --quota-backend-bytes; null where it does not say (before etcd 3.6). */
  readonly quotaBytes: number | null;
  /** Alarms that are raised, such as NOSPACE. */
  readonly alarms: readonly string[];
  readonly revision: Revision;
}

/** What keeps etcd from filling up; apart from {@link Store}, which says what is in it. */
export interface StoreCare {
  /**
   * Of every member that answers.
   * @throws StoreError if none does; `denied` where only root may ask (newer releases of etcd, with authentication)
   */
  space(options?: CallOptions): Promise<readonly MemberSpace[]>;
  /**
   * Forgets the history before a revision, for all users of etcd's v3 API; who watches from further back begins anew. That
   * it was forgotten already is no error. The v2 store is not touched.
   * @throws StoreError `denied` where the role may not
   */
  compact(revision: Revision, options?: CallOptions): Promise<void>;
  /** Whether the history as of a revision is forgotten. @param key one that the role may read @throws StoreError */
  forgotten(key: string, revision: Revision, options?: CallOptions): Promise<boolean>;
}
