import { silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { EmbeddedStore } from './embedded-client.js';
import { createEmbeddedStore } from './embedded-store.js';
import { campaign, type Leadership } from './leader.js';
import { heartbeatKeyOf } from './leader-vacancy.js';
import type { Compare, Store } from './store.js';

const key = '/election/leader';
const ttlSeconds = 0.3;

let store: EmbeddedStore;
let stop: AbortController;
const running: Promise<void>[] = [];

beforeEach(() => {
  store = createEmbeddedStore({ clock: systemClock });
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error('the test is over'));
  await Promise.all(running.splice(0));
  await store.close();
});

const put = (where: string, value: string) =>
  store.transact({ compare: [], operations: [{ kind: 'put', key: where, value }] });

/** A leader that is dead while somebody keeps its lease alive: its keys never go. */
async function deadLeader(): Promise<number> {
  await put(heartbeatKeyOf(key), '{"v":1,"beat":1}');
  return (await put(key, '{"v":1,"id":"dead"}')).revision;
}

function stand(on: Store, log: string[] = []) {
  const terms: Leadership[] = [];
  const options = {
    ...{ key, id: 'us', ttlSeconds, signal: stop.signal, clock: systemClock, logger: silentLogger, random: () => 0 },
    backoff: { firstMs: 1, maxMs: 5 },
  };
  const work = async (leadership: Leadership) => {
    terms.push(leadership);
    log.push('leads');
    await new Promise<void>((resolve) => leadership.signal.addEventListener('abort', () => resolve(), { once: true }));
    log.push('ends');
  };
  running.push(campaign(on, options, work));
  return terms;
}

it('replaces a leader that is silent though its keys stay, and the old fence fails from then on', async () => {
  const revision = await deadLeader();
  const since = systemClock.monotonic();
  const terms = stand(store.client());
  await expect.poll(() => terms.length).toBe(1);
  expect(systemClock.monotonic() - since).toBeGreaterThanOrEqual(ttlSeconds * 1000 - 20);
  const write = (compare: Compare) =>
    store.transact({ compare: [compare], operations: [{ kind: 'put', key: '/written', value: 'x' }] });
  expect(await write({ kind: 'mod-revision', key, revision })).toMatchObject({ succeeded: false });
  expect(await write(terms[0]?.fence ?? { kind: 'present', key: '/none' })).toMatchObject({ succeeded: true });
});

it('leaves a leader alone whose heartbeat changes, and takes over once it does not', async () => {
  await deadLeader();
  const terms = stand(store.client());
  const until = systemClock.monotonic() + ttlSeconds * 3000;
  for (let beat = 2; systemClock.monotonic() < until; beat += 1) {
    await put(heartbeatKeyOf(key), `{"v":1,"beat":${beat}}`);
    await systemClock.sleep(ttlSeconds * 300);
    expect(terms).toHaveLength(0);
  }
  await expect.poll(() => terms.length).toBe(1);
});

it('writes its heartbeat as long as it leads, and leads on', async () => {
  const log: string[] = [];
  stand(store.client(), log);
  await expect.poll(() => log).toEqual(['leads']);
  const beats = new Set<string | undefined>();
  await expect
    .poll(async () => beats.add((await store.get(heartbeatKeyOf(key)))?.value).size, { interval: 5, timeout: 5_000 })
    .toBeGreaterThan(5);
  expect(log).toEqual(['leads']);
});

it('stops leading when it has been replaced', async () => {
  const log: string[] = [];
  stand(store.client(), log);
  await expect.poll(() => log).toEqual(['leads']);
  await put(key, '{"v":1,"id":"other"}');
  await expect.poll(() => log.slice(0, 2)).toEqual(['leads', 'ends']);
});

it('does not count silence while the store is out of sight', async () => {
  await deadLeader();
  const own = store.client();
  const terms = stand(own);
  await systemClock.sleep(ttlSeconds * 500);
  own.disconnect();
  await systemClock.sleep(ttlSeconds * 2000);
  own.reconnect();
  await systemClock.sleep(ttlSeconds * 500);
  expect(terms).toHaveLength(0);
  await expect.poll(() => terms.length).toBe(1);
});
