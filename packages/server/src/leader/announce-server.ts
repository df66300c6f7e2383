import { keys, recordFormat, type ServerRecord, serverCodec } from '@taas/model';
import { type Clock, type Logger, onAbort } from '@taas/service';
import type { Store } from '@taas/store';

export interface Announcement {
  readonly store: Store;
  /** This server's name. */
  readonly name: string;
  readonly version: string;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Of tries when etcd cannot be reached, in ms. */
const retryMs = 1_000;

/**
 * Says, under a lease, that this server is there and which format of records it reads, until the signal aborts: so that nobody writes
 * what it could not read. Never throws because of the store.
 */
export async function announceServer(announcement: Announcement, signal: AbortSignal): Promise<void> {
  const { store, name, version, ttlSeconds, clock, logger } = announcement;
  const record: ServerRecord = { v: 1, server_version: version, reads: recordFormat };
  while (!signal.aborted) {
    try {
      const lease = await store.lease(ttlSeconds, { signal });
      const put = { kind: 'put', key: keys.server(name), value: serverCodec.format(record), lease: lease.id } as const;
      try {
        await store.transact({ compare: [], operations: [put] }, { signal });
        await new Promise<void>((resolve) => onAbort([lease.lost, signal], resolve));
      } finally {
        // Where it cannot be revoked, it runs out.
        await lease.revoke().catch(() => undefined);
      }
    } catch (cause) {
      if (signal.aborted) return;
      logger.warn({ cause, name }, 'this server could not say that it is there; will try again');
      await clock.sleep(retryMs, signal).catch(() => undefined);
    }
  }
}
