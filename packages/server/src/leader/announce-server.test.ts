import { keys, recordFormat, serverCodec } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { createEmbeddedStore } from '@taas/store/testing';
import { expect, it } from 'vitest';
import { storeWith } from '../store-with.suite.js';
import { announceServer } from './announce-server.js';

it('says under a lease what this server reads, again when the lease was lost, and takes it back at its end', async () => {
  const embedded = createEmbeddedStore({ clock: systemClock });
  const store = embedded.client();
  const others = embedded.client();
  const stop = new AbortController();
  const leases: AbortController[] = [];
  const losing = storeWith(store, {
    lease: async (seconds: number) => {
      const lease = await store.lease(seconds);
      const lost = new AbortController();
      leases.push(lost);
      return { id: lease.id, lost: lost.signal, revoke: () => lease.revoke() };
    },
  });

  const about = { name: 'a/1', version: '1.2.3', ttlSeconds: 5, clock: systemClock, logger: silentLogger };
  const announcing = announceServer({ ...about, store: losing }, stop.signal);
  const key = keys.server('a/1');
  const seen: (string | null)[] = [];
  const enough = new AbortController();
  for await (const event of others.follow([key], enough.signal)) {
    if (event.kind === 'stale') continue;
    const changes =
      event.kind === 'snapshot' ? event.entries.map((entry) => ({ kind: 'put', entry }) as const) : event.changes;
    for (const change of changes) {
      seen.push(change.kind === 'put' ? change.entry.value : null);
      if (seen.length === 1) leases[0]?.abort(new Error('the lease is gone'));
      if (seen.length === 3) stop.abort(new Error('the server stops'));
      if (seen.length === 4) enough.abort(new Error('seen'));
    }
  }
  await announcing;
  const said = serverCodec.format({ v: 1, server_version: '1.2.3', reads: recordFormat });
  expect(seen).toEqual([said, null, said, null]);
  await embedded.close();
});
