import { keys, type NodeTapFlow, nodeTapFlowCodec } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import type { FollowEvent, Store } from '@taas/store';
import { createEmbeddedStore } from '@taas/store/testing';
import { expect, it } from 'vitest';
import { WantedFollower } from './wanted-follower.js';

const [good, forged] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
const record = (id: string): NodeTapFlow => ({
  ...{ v: 1, id, project_id: 'p', tap_service_id: id, source_port: id, direction: 'BOTH' },
  ...{ vlan_filter: null, filter: [], target: { type: 'local' } },
});
const entry = (id: string) => ({
  key: keys.nodeResource('n', 'tap_flows', id),
  ...{ value: nodeTapFlowCodec.format(record(id)), createRevision: 1, modRevision: 1 },
});

it('a record that no server has signed is one that cannot be read, and its neighbours are wanted', async () => {
  const events: readonly FollowEvent[] = [
    // The value is there in this test: it must not be used, whoever left it.
    { kind: 'snapshot', revision: 1, entries: [entry(good), { ...entry(forged), refused: 'is not signed' }] },
  ];
  const store: Store = {
    ...createEmbeddedStore({ clock: systemClock }),
    async *follow() {
      yield* events;
    },
  };
  const follower = new WantedFollower(store, 'n', silentLogger, {
    changed: () => undefined,
    replaced: () => undefined,
  });
  await follower.follow(new AbortController().signal);
  expect([...follower.unreadable()]).toEqual([
    { kind: 'tap_flows', id: forged, revision: 1, problem: 'is not signed' },
  ]);
  expect(follower.wanted.flow(good)?.record.id).toBe(good);
  expect(follower.wanted.flow(forged)?.record).toBeUndefined();
});
