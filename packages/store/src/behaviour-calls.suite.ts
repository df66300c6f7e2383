import { describe, expect, it } from 'vitest';
import { put, putAll, type StoreHarness } from './behaviour-harness.suite.js';
import { compareKeys } from './key-order.js';
import { maxTxnOperations, type Operation, type Revision } from './store.js';

function puts(prefix: string, count: number): Operation[] {
  return Array.from({ length: count }, (_, index) => ({ kind: 'put', key: `${prefix}${index}`, value: 'x' }));
}

/** Reads and transactions, as every implementation must answer them. */
export function describeCalls(harness: () => StoreHarness): void {
  describe('calls', () => {
    it('gives a key its create and mod revisions, and forgets them when it is deleted', async () => {
      const store = harness().open();
      expect(await store.get('/calls/life')).toBeUndefined();
      const created = await put(store, '/calls/life', 'one');
      const changed = await put(store, '/calls/life', 'two');
      expect(await store.get('/calls/life')).toEqual({
        key: '/calls/life',
        value: 'two',
        createRevision: created.revision,
        modRevision: changed.revision,
      });
      const gone = await store.transact({ compare: [], operations: [{ kind: 'delete', key: '/calls/life' }] });
      expect(gone.revision).toBe(changed.revision + 1);
      expect(await store.get('/calls/life')).toBeUndefined();
      const again = await put(store, '/calls/life', 'three');
      expect((await store.get('/calls/life'))?.createRevision).toBe(again.revision);
    });

    it('takes no revision for a transaction that changes nothing', async () => {
      const store = harness().open();
      const { revision } = await put(store, '/calls/nothing', 'x');
      const nothing = await store.transact({ compare: [], operations: [{ kind: 'delete', key: '/calls/missing' }] });
      expect(nothing).toEqual({ succeeded: true, revision });
    });

    it('compares, and takes no revision, for a transaction without operations', async () => {
      const store = harness().open();
      const { revision } = await put(store, '/calls/compared', 'x');
      const same = { kind: 'value', key: '/calls/compared', value: 'x' } as const;
      expect(await store.transact({ compare: [same], operations: [] })).toEqual({ succeeded: true, revision });
      const absent = { kind: 'absent', key: '/calls/compared' } as const;
      const refused = await store.transact({ compare: [same, absent], operations: [] });
      expect(refused).toMatchObject({ succeeded: false, revision, current: [{ value: 'x' }, { value: 'x' }] });
    });

    it('refuses a conflicting transaction whole, and shows what stood in the way', async () => {
      const store = harness().open();
      const { revision } = await put(store, '/calls/conflict/a', 'theirs');
      const result = await store.transact({
        compare: [
          { kind: 'absent', key: '/calls/conflict/b' },
          { kind: 'absent', key: '/calls/conflict/a' },
        ],
        operations: [
          { kind: 'put', key: '/calls/conflict/a', value: 'ours' },
          { kind: 'put', key: '/calls/conflict/b', value: 'ours' },
        ],
      });
      const theirs = { key: '/calls/conflict/a', value: 'theirs', createRevision: revision, modRevision: revision };
      expect(result).toEqual({ succeeded: false, revision, current: [undefined, theirs] });
      expect((await store.list('/calls/conflict/')).entries).toEqual([theirs]);
    });

    it('lets exactly one of many writers win a compare-and-create', async () => {
      const stores = Array.from({ length: 8 }, () => harness().open());
      const key = '/calls/race';
      const results = await Promise.all(
        stores.map((store, index) =>
          store.transact({ compare: [{ kind: 'absent', key }], operations: [{ kind: 'put', key, value: `${index}` }] }),
        ),
      );
      expect(results.filter((result) => result.succeeded)).toHaveLength(1);
    });

    it('compares presence, revision and value', async () => {
      const store = harness().open();
      const { revision } = await put(store, '/calls/compare', 'é');
      const key = '/calls/compare';
      const missing = '/calls/compare-missing';
      const holds = async (compare: Parameters<typeof store.transact>[0]['compare'][number]) =>
        (await store.transact({ compare: [compare], operations: [] })).succeeded;
      expect(await holds({ kind: 'present', key })).toBe(true);
      expect(await holds({ kind: 'present', key: missing })).toBe(false);
      expect(await holds({ kind: 'absent', key })).toBe(false);
      expect(await holds({ kind: 'mod-revision', key, revision })).toBe(true);
      expect(await holds({ kind: 'mod-revision', key, revision: revision - 1 })).toBe(false);
      expect(await holds({ kind: 'mod-revision', key: missing, revision: 0 as Revision })).toBe(true);
      expect(await holds({ kind: 'value', key, value: 'é' })).toBe(true);
      expect(await holds({ kind: 'value', key, value: 'e' })).toBe(false);
      expect(await holds({ kind: 'value', key: missing, value: '' })).toBe(false);
    });

    it('lists what has the prefix and nothing else, in the order of UTF-8 bytes', async () => {
      const store = harness().open();
      const keys = ['/calls/list/é', '/calls/list/\u{1F600}', '/calls/list/\uFFFD', '/calls/list/a', '/calls/list/ÿ'];
      await putAll(
        store,
        keys.map((key) => [key, `value of ${key} \u0000 "\n 漢字 \u{1F680}`]),
      );
      await put(store, '/calls/list', 'no: shorter');
      await put(store, '/calls/list0', 'no: beside');
      const { entries } = await store.list('/calls/list/');
      expect(entries.map(({ key }) => key)).toEqual([...keys].sort(compareKeys));
      for (const { key, value } of entries) expect(value).toBe(`value of ${key} \u0000 "\n 漢字 \u{1F680}`);
    });

    it('lists 10,000 keys of one revision, while others write', async () => {
      const store = harness().open();
      const names = Array.from({ length: 10_000 }, (_, index) => `/calls/many/${String(index).padStart(5, '0')}`);
      await putAll(
        store,
        names.map((name) => [name, 'before']),
      );
      const [{ revision, entries }] = await Promise.all([
        store.list('/calls/many/'),
        putAll(
          store,
          names.slice(-2_000).map((name) => [name, 'after']),
        ),
      ]);
      expect(entries.map(({ key }) => key)).toEqual(names);
      expect(entries.every((entry) => entry.modRevision <= revision)).toBe(true);
    });

    it('carries 128 operations and refuses 129, a doubled key and an empty one before sending anything', async () => {
      const { store, cut } = await harness().openBehindWall();
      const operations = puts('/calls/limit/', maxTxnOperations);
      expect((await store.transact({ compare: [], operations })).succeeded).toBe(true);
      cut();
      const over = { compare: [], operations: puts('/calls/limit/', maxTxnOperations + 1) };
      await expect(store.transact(over)).rejects.toMatchObject({ name: 'StoreError', code: 'too-large' });
      const doubled = { compare: [], operations: [...puts('/calls/limit/', 1), ...puts('/calls/limit/', 1)] };
      await expect(store.transact(doubled)).rejects.toMatchObject({ code: 'invalid' });
      await expect(store.get('')).rejects.toMatchObject({ code: 'invalid' });
    });

    it('refuses an oversized value, carries a large one', async () => {
      const store = harness().open();
      await put(store, '/calls/large', 'x'.repeat(1024 * 1024));
      expect((await store.get('/calls/large'))?.value).toHaveLength(1024 * 1024);
      await expect(put(store, '/calls/large', 'y'.repeat(2 * 1024 * 1024))).rejects.toMatchObject({
        code: 'too-large',
      });
      await expect(put(store, '/calls/large', 'y'.repeat(8 * 1024 * 1024))).rejects.toMatchObject({
        code: 'too-large',
      });
      expect((await store.get('/calls/large'))?.value.startsWith('x')).toBe(true);
    });

    it("throws the signal's reason when a call is aborted, and `closed` after close", async () => {
      const store = harness().open();
      const reason = new Error('no longer wanted');
      await expect(store.get('/calls/a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      const abort = new AbortController();
      const listing = store.list('', { signal: abort.signal });
      abort.abort(reason);
      await expect(listing).rejects.toBe(reason);
      const flying = store.get('/calls/a');
      await Promise.all([expect(flying).rejects.toMatchObject({ code: 'closed' }), store.close()]);
      await expect(store.get('/calls/a')).rejects.toMatchObject({ code: 'closed' });
    });
  });
}
