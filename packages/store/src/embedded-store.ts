import type { Clock } from '@taas/service';
import { EmbeddedClient } from './embedded-client.js';
import { EmbeddedServer } from './embedded-server.js';
import type { LeaseId, Revision, Store } from './store.js';

export interface EmbeddedStoreOptions {
  readonly clock: Clock;
  /** Revisions whose changes are kept for slow followers; older ones are compacted away. Default 10,000. */
  readonly historyLimit?: number;
}

/** An in-memory store of one process, with the levers that a test needs to make trouble. */
export interface EmbeddedStore extends Store {
  /** Another client of the same data, as another process would be: it is closed, disconnected and so on by itself. */
  client(): EmbeddedStore;
  /** The server goes away: calls fail as `unavailable`, followers go stale, leases are not renewed. Data stays. */
  stop(): void;
  /** The server is back; as in etcd, every lease has its whole time to live left. */
  start(): void;
  /** Only this client loses the server. */
  disconnect(): void;
  reconnect(): void;
  /** Forgets the changes up to `revision` (default: all), so that a follower that has not read them starts again. */
  compact(revision?: Revision): void;
  /** Every follower of this client goes stale and starts again, whatever the cause would be. */
  breakFollowers(): void;
  /** The server drops the lease (default: every lease) and its keys, behind the holder's back. */
  expireLease(id?: LeaseId): void;
}

/**
 * A store in this process's memory with the semantics of etcd v3: one revision a writing transaction, create and mod
 * revisions, leases by `clock`, bounded history. For tests, the demo and single-process labs: nothing outlives the process.
 */
export function createEmbeddedStore(options: EmbeddedStoreOptions): EmbeddedStore {
  return new EmbeddedClient(new EmbeddedServer(options.clock, options.historyLimit ?? 10_000));
}
