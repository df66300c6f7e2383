import { keys, tapServiceCodec } from '@taas/model';
import { type Clock, silentLogger, systemClock } from '@taas/service';
import type { Change, FollowEvent } from '@taas/store';
import { createEmbeddedStore } from '@taas/store/testing';
import { expect, it } from 'vitest';
import { storeWith } from '../store-with.suite.js';
import { acme, portId } from '../test-cloud.suite.js';
import { LiveView } from './live-view.js';

/** What a transaction of one tap service writes: its record and its segment. */
const written = (n: number): Change[] => {
  const id = portId(n);
  const record = { v: 1, id, project_id: acme, name: '', description: '', created_at: n, port_id: portId(10_000 + n) };
  const put = (key: string, value: string): Change => ({
    kind: 'put',
    entry: { key, value, createRevision: n, modRevision: n },
  });
  return [
    put(keys.resource('tap_services', id), tapServiceCodec.format({ ...record, v: 1 })),
    put(keys.segment({ type: 'vxlan', physnet: null, id: n }), JSON.stringify({ v: 1, tap_service_id: id })),
  ];
};

it('lets others have their turn while it takes in much at once, and nobody sees half a transaction', async () => {
  const many = 500;
  const store = createEmbeddedStore({ clock: systemClock });
  async function* follow(): AsyncGenerator<FollowEvent, void, undefined> {
    yield { kind: 'snapshot', revision: 0, entries: [] };
    const changes = Array.from({ length: many }, (_, n) => written(n + 1)).flat();
    yield { kind: 'changes', revision: many, changes };
  }
  const following = storeWith(store, { follow });
  let now = 0;
  let turns = 0;
  let isOver = false;
  const seen: number[] = [];
  const look = (): void => {
    if (isOver) return;
    turns += 1;
    const { view } = live;
    seen.push(view.revision);
    expect([view.services.size, [...view.segments.services()].length]).toEqual([view.revision, view.revision]);
    setImmediate(look);
  };
  const clock: Clock = {
    now: () => now,
    // Every portion takes longer than a stretch.
    monotonic: () => (now += 10),
    sleep: async () => undefined,
  };
  const live = new LiveView(following, clock, silentLogger);
  const published: number[] = [];
  live.subscribe(() => published.push(live.view.revision));
  const running = live.run(new AbortController().signal);
  setImmediate(look);
  await running;
  isOver = true;
  expect(live.view.services.size).toBe(many);
  expect(turns).toBeGreaterThan(50);
  expect(new Set(seen).size).toBeGreaterThan(50);
  expect(published.at(-1)).toBe(many);
  await store.close();
});
