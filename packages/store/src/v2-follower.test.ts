import { silentLogger, systemClock } from '@taas/service';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { directory, event, type FakeReply, list, node, startFakeV2Etcd } from './fake-v2-etcd.suite.js';
import { takenSnapshot, untilCollected } from './taken-snapshot.suite.js';
import { V2Keys } from './v2-event.js';
import { createV2Follower, type V2Follower } from './v2-follower.js';
import { V2View } from './v2-view.suite.js';

let fake: Awaited<ReturnType<typeof startFakeV2Etcd>>;
let follower: V2Follower;
let view: V2View;

beforeEach(async () => {
  fake = await startFakeV2Etcd();
  follower = createV2Follower({
    ...{ endpoints: [fake.url], clock: systemClock, logger: silentLogger, random: () => 0 },
    ...{ backoff: { firstMs: 1, maxMs: 10 }, watchSilenceMs: 20_000 },
  });
});
afterEach(async () => {
  await view.stop();
  follower.close();
  await fake.close();
});
const look = () => {
  view = new V2View(follower, '/d');
};

it('asks for the next event from the index after the list, and after each event', async () => {
  fake.lists.push(list(7, node('/d/a', 5)));
  fake.watches.push(event('set', node('/d/b', 9)), event('delete', { ...node('/d/a', 12), modifiedIndex: 12 }));
  look();
  await view.until(({ state }) => state.has('/d/b') && !state.has('/d/a'));
  await view.until(() => fake.asked.length === 4);
  expect(fake.asked.map((url) => /waitIndex=(\d+)/.exec(url)?.[1])).toEqual([undefined, '8', '10', '13']);
});

it('keeps nothing of a list once something has changed after it', async () => {
  fake.lists.push(list(7, node('/d/a', 5)));
  fake.watches.push(event('set', node('/d/b', 9)));
  const stop = new AbortController();
  const events = follower.follow('/d', stop.signal)[Symbol.asyncIterator]();
  const taken = await takenSnapshot(events);
  await events.next();
  await untilCollected(taken);
  stop.abort();
  look();
});

it.each<[string, FakeReply]>([
  ['of another cluster', { ...event('set', node('/d/b', 8)), cluster: 'c2' }],
  ['from before what is known', { ...event('set', node('/d/b', 8)), index: 3 }],
  ['with an event from before what was asked for', event('set', node('/d/b', 6))],
  ['about something that nobody here knows', event('rename', node('/d/b', 8))],
  ['that is no JSON', { body: '{"action":"set","no' }],
  ['of another form', { body: '{"action":"set","node":{"key":7}}' }],
  ['without anything in it', { body: '' }],
  ['that breaks off', { body: '{"action":', breaks: true }],
  ['that is an error of the cluster', { status: 500, body: '{"errorCode":300,"message":"Raft Internal Error"}' }],
  ['that is a proxy’s', { status: 502, body: '<html>' }],
])('an answer %s is not believed: everything is listed again', async (_what, reply) => {
  fake.lists.push({ ...list(7, node('/d/a', 5)) }, { ...list(20, node('/d/c', 19)) });
  // The broken one says nothing of the index; that of the list before counts.
  fake.watches.push({ index: 7, ...reply });
  look();
  await view.sees('/d/c', 'x');
  expect(view.kinds).toEqual(['snapshot', 'stale', 'snapshot']);
});

it('what etcd has forgotten is listed again at once, and that is no outage', async () => {
  fake.lists.push(list(7), list(3_000, node('/d/c', 19)));
  fake.watches.push({ status: 400, body: '{"errorCode":401,"message":"The event in requested index is outdated"}' });
  look();
  await view.sees('/d/c', 'x');
  expect(view.kinds).toEqual(['snapshot', 'snapshot']);
});

it('ends when it is closed, and when its signal says so, in the middle of a watch', async () => {
  fake.lists.push(list(7));
  look();
  await view.until(() => fake.asked.length === 2);
  await view.stop();
  const other = new V2View(follower, '/d');
  await other.until(({ kinds }) => kinds.length > 0);
  follower.close();
  await other.stop();
});

it('knows the keys of a directory after any history of sets and removals', () => {
  const key = fc.constantFrom('/d/a/1', '/d/a/2', '/d/ab/1', '/d/b', '/dd/a', '/e');
  const step = fc.oneof(
    fc.tuple(fc.constantFrom('set', 'create', 'update', 'compareAndSwap'), key),
    fc.tuple(fc.constantFrom('delete', 'expire', 'compareAndDelete'), key),
    fc.tuple(fc.constantFrom('delete', 'expire'), fc.constantFrom('/d/a', '/d', '/dd', '/')),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const keys = new V2Keys('/d', []);
      const model = new Set<string>();
      const told = new Set<string>();
      for (const [action, at] of steps) {
        const isDirectory = ['/d/a', '/d', '/dd', '/'].includes(at);
        if (['set', 'create', 'update', 'compareAndSwap'].includes(action)) {
          if (at.startsWith('/d/')) model.add(at);
        } else if (isDirectory) {
          for (const each of [...model]) if (each.startsWith(at === '/' ? at : `${at}/`)) model.delete(each);
        } else model.delete(at);
        const what = isDirectory ? directory(at, []) : node(at, 2);
        for (const change of keys.apply({ action, node: what }) ?? []) {
          if (change.kind === 'put') told.add(change.entry.key);
          else expect(told.delete(change.key)).toBe(true);
        }
        expect(told).toEqual(model);
      }
    }),
  );
});
