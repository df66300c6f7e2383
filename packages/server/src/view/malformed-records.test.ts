import { keys } from '@taas/model';
import { type LogFields, type Logger, silentLogger, systemClock } from '@taas/service';
import type { Change, FollowEvent, Store } from '@taas/store';
import { createEmbeddedStore } from '@taas/store/testing';
import { expect, it } from 'vitest';
import { storeWith } from '../store-with.suite.js';
import { LiveView } from './live-view.js';

const a = keys.agent('a');
const b = keys.agent('b');
const kv = (key: string, value: string) => ({ key, value, createRevision: 1, modRevision: 1 });
const put = (key: string, value: string): Change => ({ kind: 'put', entry: kv(key, value) });
const gone = (key: string): Change => ({ kind: 'delete', key, modRevision: 1 });

it('each is told once, and again when it is otherwise malformed or has been right meanwhile', async () => {
  const told: LogFields[] = [];
  const logger: Logger = { ...silentLogger, error: (fields) => void told.push(fields) };
  const changes = (...some: Change[]): FollowEvent => ({ kind: 'changes', revision: 2, changes: some });
  const snapshot = (...entries: ReturnType<typeof kv>[]): FollowEvent => ({ kind: 'snapshot', revision: 1, entries });
  const events: (readonly [FollowEvent, readonly string[]])[] = [
    [snapshot(kv(a, '{')), [a]],
    [changes(put(b, '{')), [b]],
    [changes(put(a, '{')), []],
    [changes(put(a, '[]')), [a]],
    [snapshot(kv(a, '[]'), kv(b, '{')), []],
    [changes(gone(b)), []],
    [changes(put(b, '{')), [b]],
    [snapshot(kv(a, '[]')), []],
    [snapshot(kv(a, '[]'), kv(b, '{')), [b]],
  ];
  const seen: string[][] = [];
  async function* follow(): AsyncGenerator<FollowEvent, void, undefined> {
    for (const [event] of events) {
      yield event;
      seen.push(told.splice(0).map((fields) => String(fields['key'])));
    }
  }
  const store: Store = createEmbeddedStore({ clock: systemClock });
  const live = new LiveView(storeWith(store, { follow }), systemClock, logger);
  await live.run(new AbortController().signal);
  expect(seen).toEqual(events.map(([, keysTold]) => keysTold));
  expect(live.malformedSeen).toBe(5);
});
