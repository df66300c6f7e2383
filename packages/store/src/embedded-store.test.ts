import { systemClock } from '@taas/service';
import { describe, expect, it } from 'vitest';
import { describeStoreBehaviour } from './behaviour.suite.js';
import { put } from './behaviour-harness.suite.js';
import { createEmbeddedStore } from './embedded-store.js';
import type { FollowEvent } from './store.js';

describeStoreBehaviour(
  'embedded store',
  async () => {
    const server = createEmbeddedStore({ clock: systemClock });
    const clients = [server];
    const open = () => {
      const client = server.client();
      clients.push(client);
      return client;
    };
    return {
      open,
      openBehindWall: async () => {
        const store = open();
        return { store, cut: () => store.disconnect(), heal: () => store.reconnect() };
      },
      stopServer: async () => server.stop(),
      startServer: async () => server.start(),
      compact: async (revision) => server.compact(revision),
      dropLease: async (id) => server.expireLease(id),
      dispose: async () => {
        await Promise.all(clients.map((client) => client.close()));
      },
    };
  },
  { propertyRuns: 100 },
);

describe('embedded store, slow followers', () => {
  async function slowFollower(historyLimit: number) {
    const store = createEmbeddedStore({ clock: systemClock, historyLimit });
    const stop = new AbortController();
    const events = store.follow(['/a/'], stop.signal)[Symbol.asyncIterator]();
    const next = async (): Promise<FollowEvent | undefined> => (await events.next()).value;
    return { store, next, stop };
  }

  it('get all that is left in the history at once', async () => {
    const { store, next } = await slowFollower(100);
    expect(await next()).toMatchObject({ kind: 'snapshot', revision: 1, entries: [] });
    for (let index = 0; index < 50; index++) await put(store, '/a/1', `${index}`);
    const event = await next();
    expect(event).toMatchObject({ kind: 'changes', revision: 51 });
    expect(event?.kind === 'changes' ? event.changes : []).toHaveLength(50);
    await store.close();
  });

  it('begin again when the history has moved on without them', async () => {
    const { store, next } = await slowFollower(10);
    expect(await next()).toMatchObject({ kind: 'snapshot' });
    for (let index = 0; index < 50; index++) await put(store, '/a/1', `${index}`);
    expect(await next()).toMatchObject({ kind: 'stale', cause: { code: 'unavailable' } });
    expect(await next()).toMatchObject({ kind: 'snapshot', revision: 51, entries: [{ value: '49' }] });
    await store.close();
  });

  it('begin again when told to compact or to break', async () => {
    const { store, next } = await slowFollower(100);
    expect(await next()).toMatchObject({ kind: 'snapshot' });
    await put(store, '/a/1', 'x');
    store.compact();
    expect(await next()).toMatchObject({ kind: 'stale' });
    expect(await next()).toMatchObject({ kind: 'snapshot', entries: [{ value: 'x' }] });
    store.breakFollowers();
    expect(await next()).toMatchObject({ kind: 'stale' });
    expect(await next()).toMatchObject({ kind: 'snapshot' });
    await store.close();
  });
});
