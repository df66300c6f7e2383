import type { Clock } from '@taas/service';
import { EmbeddedClient, type EmbeddedStore } from './embedded-client.js';
import { EmbeddedServer } from './embedded-server.js';

export interface EmbeddedStoreOptions {
  readonly clock: Clock;
  /** Revisions whose changes are kept for slow followers; older ones are compacted away. Default 10,000. */
  readonly historyLimit?: number;
}

/**
 * A store in this process's memory with the semantics of etcd v3: one revision a writing transaction, create and mod
 * revisions, leases by `clock`, bounded history. For tests, the demo and single-process labs: nothing outlives the process.
 */
export function createEmbeddedStore(options: EmbeddedStoreOptions): EmbeddedStore {
  return new EmbeddedClient(new EmbeddedServer(options.clock, options.historyLimit ?? 10_000));
}
