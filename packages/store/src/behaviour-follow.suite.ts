import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { put, putAll, type StoreHarness, View } from './behaviour-harness.suite.js';
import type { Change, Operation, Revision, Store } from './store.js';
import { takenSnapshot, untilCollected } from './taken-snapshot.suite.js';

/** What a follower is told, whatever happens to the server, the connection or the history. */
export function describeFollow(harness: () => StoreHarness, runs: number): void {
  describe('follow', () => {
    it('begins with all there is, then tells every change of its prefixes and no other', async () => {
      const store = harness().open();
      await put(store, '/follow/plain/a/1', 'old');
      await put(store, '/follow/plain/c/1', 'not ours');
      const view = new View(store, ['/follow/plain/b/', '/follow/plain/a/', '/follow/plain/a/']);
      await view.until(({ kinds }) => kinds.length === 1);
      await put(store, '/follow/plain/c/1', 'not ours either');
      await put(store, '/follow/plain/b/1', 'new');
      await store.transact({ compare: [], operations: [{ kind: 'delete', key: '/follow/plain/a/1' }] });
      await view.until(({ state }) => state.has('/follow/plain/b/1') && state.size === 1);
      await view.stop();
      expect(view.kinds[0]).toBe('snapshot');
      const changes = view.events.flatMap((event) => (event.kind === 'changes' ? event.changes : []));
      // Each once; in which order two prefixes are told nobody promises: etcd brings the watch of one up to date before the other's.
      expect(changes.map(keyOf).sort()).toEqual(['/follow/plain/a/1', '/follow/plain/b/1']);
    });

    it('hands over a transaction whole', async () => {
      const store = harness().open();
      const view = new View(store, ['/follow/whole/']);
      await view.until(({ kinds }) => kinds.length === 1);
      for (let round = 0; round < 20; round++) {
        await putAll(
          store,
          Array.from({ length: 128 }, (_, index) => [`/follow/whole/${index}`, `${round}`]),
        );
      }
      await view.until(({ state }) => state.get('/follow/whole/127') === '19');
      await view.stop();
      for (const { state } of view.history) expect(new Set(state.values()).size).toBeLessThanOrEqual(1);
    });

    it('tells 10,000 changes, large ones among them, without losing one', async () => {
      const store = harness().open();
      const view = new View(store, ['/follow/many/']);
      await view.until(({ kinds }) => kinds.length === 1);
      const keys = Array.from({ length: 10_000 }, (_, index) => `/follow/many/${index}`);
      await putAll(
        store,
        keys.map((key, index) => [key, 'x'.repeat(index % 100 === 0 ? 5_000 : 100)]),
      );
      await view.until(({ state }) => state.size === keys.length);
      await view.stop();
      expect(view.kinds).not.toContain('stale');
      expect(view.events.flatMap((event) => (event.kind === 'changes' ? event.changes : []))).toHaveLength(10_000);
    });

    it('keeps nothing of a snapshot once something has changed after it', async () => {
      const store = harness().open();
      await put(store, '/follow/kept/a', 'x');
      const stop = new AbortController();
      const events = store.follow(['/follow/kept/'], stop.signal)[Symbol.asyncIterator]();
      const taken = await takenSnapshot(events);
      const changed = events.next();
      await put(store, '/follow/kept/b', 'y');
      await changed;
      await untilCollected(taken);
      stop.abort();
      await events.next();
    });

    it('goes stale when the server stops, and begins again when it is back', async () => {
      const store = harness().open();
      await put(store, '/follow/restart/a', 'kept');
      const view = new View(store, ['/follow/restart/']);
      await view.until(({ kinds }) => kinds.length === 1);
      await harness().stopServer();
      await view.until(({ kinds }) => kinds.at(-1) === 'stale');
      await expect(store.get('/follow/restart/a')).rejects.toMatchObject({ code: 'unavailable', retriable: true });
      await harness().startServer();
      await view.until(({ kinds }) => kinds.at(-1) === 'snapshot');
      expect(view.kinds.filter((kind) => kind === 'stale')).toHaveLength(1);
      await put(store, '/follow/restart/b', 'after');
      await view.until(({ state }) => state.get('/follow/restart/b') === 'after');
      expect(view.state.get('/follow/restart/a')).toBe('kept');
      await view.stop();
    });

    it('finds its way after a compaction behind its back', async () => {
      const { store, cut, heal } = await harness().openBehindWall();
      const other = harness().open();
      await put(other, '/follow/compact/gone', 'x');
      const view = new View(store, ['/follow/compact/']);
      await view.until(({ state }) => state.size === 1);
      cut();
      await other.transact({ compare: [], operations: [{ kind: 'delete', key: '/follow/compact/gone' }] });
      const { revision } = await put(other, '/follow/compact/new', 'y');
      await put(other, '/follow/compact/newer', 'z');
      await harness().compact(revision);
      heal();
      await view.until(({ state }) => state.has('/follow/compact/newer'));
      await view.stop();
      expect(view.kinds).toEqual(['snapshot', 'stale', 'snapshot']);
      expect([...view.state.keys()]).toEqual(['/follow/compact/new', '/follow/compact/newer']);
    });

    it('ends without a throw when its signal aborts and when the store is closed', async () => {
      const store = harness().open();
      const aborted = new View(store, ['/follow/end/']);
      const closed = new View(store, ['/follow/end/']);
      await aborted.until(({ kinds }) => kinds.length === 1);
      await closed.until(({ kinds }) => kinds.length === 1);
      await aborted.stop();
      await store.close();
      await closed.done;
      expect([...aborted.kinds, ...closed.kinds]).toEqual(['snapshot', 'snapshot']);
    });

    it('at each event knows exactly what stood in the store at that revision, under concurrent writers', async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(writes, { minLength: 1, maxLength: 4 }), async (writers) => {
          const prefix = `/follow/property/${round++}/`;
          const store = harness().open();
          const view = new View(store, [prefix]);
          const committed = new Map<Revision, readonly Operation[]>();
          await Promise.all(writers.map((each) => write(harness().open(), prefix, each, committed)));
          const last = await put(store, `${prefix}last`, 'x');
          committed.set(last.revision, [{ kind: 'put', key: `${prefix}last`, value: 'x' }]);
          await view.until(({ state }) => state.has(`${prefix}last`));
          await view.stop();
          for (const { revision, state } of view.history) {
            expect(sorted(state)).toEqual(sorted(replay(committed, revision)));
          }
          const { entries } = await store.list(prefix);
          expect(sorted(view.state)).toEqual(entries.map(({ key, value }) => [key, value]));
        }),
        { numRuns: runs },
      );
    });
  });
}

/** What one writer does: transactions of puts (a text) and deletes (undefined) of a few keys that all writers share. */
const writes = fc.array(
  fc.uniqueArray(
    fc.tuple(fc.integer({ min: 0, max: 5 }), fc.option(fc.string({ unit: 'binary' }), { nil: undefined })),
    {
      minLength: 1,
      maxLength: 4,
      selector: ([key]) => key,
    },
  ),
  { minLength: 1, maxLength: 15 },
);

async function write(
  store: Store,
  prefix: string,
  transactions: readonly (readonly (readonly [number, string | undefined])[])[],
  committed: Map<Revision, readonly Operation[]>,
): Promise<void> {
  for (const transaction of transactions) {
    const operations = transaction.map(([name, value]): Operation => {
      const key = `${prefix}${name}`;
      return value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value };
    });
    // A put makes sure that the transaction takes a revision of its own, under which it can be found again.
    operations.push({ kind: 'put', key: `${prefix}tick`, value: 'x' });
    const { revision } = await store.transact({ compare: [], operations });
    committed.set(revision, operations);
  }
}

function replay(committed: ReadonlyMap<Revision, readonly Operation[]>, until: Revision): Map<string, string> {
  const state = new Map<string, string>();
  const revisions = [...committed.keys()].filter((revision) => revision <= until).sort((a, b) => a - b);
  for (const operation of revisions.flatMap((revision) => committed.get(revision) ?? [])) {
    if (operation.kind === 'put') state.set(operation.key, operation.value);
    else state.delete(operation.key);
  }
  return state;
}

function sorted(state: ReadonlyMap<string, string>): [string, string][] {
  return [...state].sort(([a], [b]) => (a < b ? -1 : 1));
}

function keyOf(change: Change): string {
  return change.kind === 'put' ? change.entry.key : change.key;
}
