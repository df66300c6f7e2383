import { captureLeaseCodec, keys, type NodeTapFlow, nodeTapFlowCodec } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import type { Change, FollowEvent, KeyValue, Store } from '@taas/store';
import { createEmbeddedStore } from '@taas/store/testing';
import { describe, expect, it } from 'vitest';
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

describe('a flow of a capture', () => {
  const leased = { ...entry(good), value: nodeTapFlowCodec.format({ ...record(good), leased: true }) };
  const lease: KeyValue = {
    ...{ key: keys.captureLease('n', good), value: captureLeaseCodec.format({ v: 1 }) },
    ...{ createRevision: 2, modRevision: 2 },
  };

  /** What is wanted of the flow after some events, and which taps each of them was about. */
  async function after(...events: readonly FollowEvent[]) {
    const changed: string[][] = [];
    const store: Store = {
      ...createEmbeddedStore({ clock: systemClock }),
      async *follow() {
        yield* events;
      },
    };
    const follower = new WantedFollower(store, 'n', silentLogger, {
      changed: ({ flows }) => changed.push([...flows]),
      replaced: () => undefined,
    });
    await follower.follow(new AbortController().signal);
    return { removed: follower.wanted.flow(good)?.record.removed === true, changed };
  }
  const snapshot = (...entries: KeyValue[]): FollowEvent => ({ kind: 'snapshot', revision: 1, entries });
  const changes = (...list: Change[]): FollowEvent => ({ kind: 'changes', revision: 2, changes: list });

  it('is removed while nobody receives', async () => {
    expect((await after(snapshot(leased))).removed).toBe(true);
    expect((await after(snapshot(leased, { ...lease, refused: 'is not signed' }))).removed).toBe(true);
  });

  it.each([[[leased, lease]], [[lease, leased]]])(
    'is wanted while somebody does, in whatever order it is told',
    async (entries) => {
      expect((await after(snapshot(...entries))).removed).toBe(false);
      const puts = entries.map((each): Change => ({ kind: 'put', entry: each }));
      expect((await after(snapshot(), changes(...puts))).removed).toBe(false);
    },
  );

  it('is looked at again when the receiver goes, and when it comes', async () => {
    const gone = await after(snapshot(leased, lease), changes({ kind: 'delete', key: lease.key, modRevision: 3 }));
    expect(gone).toEqual({ removed: true, changed: [[good]] });
    const back = await after(snapshot(leased), changes({ kind: 'put', entry: lease }));
    expect(back).toEqual({ removed: false, changed: [[good]] });
  });

  it('is as it was written without a lease, and stays removed by a tombstone', async () => {
    expect((await after(snapshot(entry(good)))).removed).toBe(false);
    const tombstone = { ...leased, value: nodeTapFlowCodec.format({ ...record(good), leased: true, removed: true }) };
    expect((await after(snapshot(tombstone, lease))).removed).toBe(true);
  });
});
