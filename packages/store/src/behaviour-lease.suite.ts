import { silentLogger, systemClock } from '@taas/service';
import { describe, expect, it, vi } from 'vitest';
import { put, type StoreHarness, View } from './behaviour-harness.suite.js';
import { campaign, type Leadership } from './leader.js';
import type { Lease, Store } from './store.js';

/** etcd grants no less than 2 seconds with its default election time-out. */
const ttlSeconds = 2;

function putUnder(store: Store, key: string, lease: Lease) {
  return store.transact({ compare: [], operations: [{ kind: 'put', key, value: 'x', lease: lease.id }] });
}

function lossOf(lease: Lease): Promise<unknown> {
  return vi.waitFor(
    () => {
      if (!lease.lost.aborted) throw new Error('the lease is not lost');
      return lease.lost.reason;
    },
    { timeout: 15_000, interval: 10 },
  );
}

/** Leases, and the election that is built on them. */
export function describeLeases(harness: () => StoreHarness): void {
  describe('lease', () => {
    it('is kept alive, and takes its keys with it when it is revoked', async () => {
      const store = harness().open();
      const view = new View(store, ['/lease/keep/']);
      await view.until(({ kinds }) => kinds.length === 1);
      const lease = await store.lease(ttlSeconds);
      await putUnder(store, '/lease/keep/a', lease);
      await putUnder(store, '/lease/keep/b', lease);
      await putUnder(store, '/lease/keep/freed', lease);
      await put(store, '/lease/keep/freed', 'no lease any more');
      const leases = (await store.list('/lease/keep/')).entries.map((entry) => entry.lease);
      expect(leases).toEqual([lease.id, lease.id, undefined]);
      await vi.waitFor(() => expect(view.state.size).toBe(3));
      // Time has to pass here: that the lease outlives its time to live is what is tested.
      await systemClock.sleep(ttlSeconds * 1_500);
      expect(lease.lost.aborted).toBe(false);
      expect(view.state.size).toBe(3);
      await lease.revoke();
      await lease.revoke();
      expect(lease.lost.aborted).toBe(true);
      await view.until(({ state }) => state.size === 1);
      expect([...view.state.keys()]).toEqual(['/lease/keep/freed']);
      const last = view.events.at(-1);
      expect(last?.kind === 'changes' ? last.changes.map(({ kind }) => kind) : []).toEqual(['delete', 'delete']);
      await view.stop();
    });

    it('is lost when the server forgets it, and then takes no more keys', async () => {
      const store = harness().open();
      const lease = await store.lease(ttlSeconds);
      await putUnder(store, '/lease/dropped', lease);
      await harness().dropLease(lease.id);
      expect(await lossOf(lease)).toMatchObject({ code: 'lease-lost' });
      expect(await store.get('/lease/dropped')).toBeUndefined();
      await expect(putUnder(store, '/lease/dropped', lease)).rejects.toMatchObject({
        code: 'lease-lost',
        retriable: false,
      });
      await lease.revoke();
    });

    it('is lost when it cannot be renewed, no later than others see its keys go', async () => {
      const { store, cut } = await harness().openBehindWall();
      const other = new View(harness().open(), ['/lease/cut/']);
      const lease = await store.lease(ttlSeconds);
      await putUnder(store, '/lease/cut/a', lease);
      await other.until(({ state }) => state.size === 1);
      cut();
      let lostFirst: boolean | undefined;
      lease.lost.addEventListener('abort', () => {
        lostFirst = other.state.size === 1;
      });
      await other.until(({ state }) => state.size === 0);
      expect(lostFirst).toBe(true);
      await other.stop();
    });

    it('is lost when the store is closed', async () => {
      const store = harness().open();
      const lease = await store.lease(ttlSeconds);
      await store.close();
      expect(await lossOf(lease)).toMatchObject({ code: 'closed' });
    });
  });

  describe('campaign', () => {
    it('has one leader at a time, another when it resigns', async () => {
      const key = '/election/resign';
      const log: string[] = [];
      const first = candidate(harness().open(), key, 'first', log);
      await vi.waitFor(() => expect(log).toEqual(['first leads']), { timeout: 5_000, interval: 5 });
      const second = candidate(harness().open(), key, 'second', log);
      await put(harness().open(), '/election/unrelated', 'x');
      await first.stop();
      await vi.waitFor(() => expect(log).toEqual(['first leads', 'first ends', 'second leads']), {
        timeout: 5_000,
        interval: 5,
      });
      await second.stop();
      expect(await harness().open().get(key)).toBeUndefined();
    });

    it('never has two, however many stand at the same moment', async () => {
      const key = '/election/crowd';
      const crowd = Array.from({ length: 6 }, () => harness().open());
      const stop = new AbortController();
      let leading = 0;
      let terms = 0;
      const most: number[] = [];
      const work = async () => {
        leading += 1;
        most.push(leading);
        terms += 1;
        if (terms === 12) stop.abort();
        await systemClock.sleep(5);
        leading -= 1;
      };
      await Promise.all(
        crowd.map((store, index) => campaign(store, candidateOptions(key, `${index}`, stop.signal), work)),
      );
      expect(terms).toBeGreaterThanOrEqual(12);
      expect(Math.max(...most)).toBe(1);
    });

    it('replaces a leader that is cut off, and the fence keeps the old one from writing', async () => {
      const key = '/election/cut';
      const log: string[] = [];
      const wall = await harness().openBehindWall();
      const old = candidate(wall.store, key, 'old', log);
      await vi.waitFor(() => expect(log).toEqual(['old leads']), { timeout: 5_000, interval: 5 });
      const next = candidate(harness().open(), key, 'next', log);
      wall.cut();
      await vi.waitFor(() => expect(log).toEqual(['old leads', 'old ends', 'next leads']), {
        timeout: 15_000,
        interval: 5,
      });
      const writes = [old, next].map(async ({ terms }) => {
        const fence = terms[0]?.fence;
        if (fence === undefined) throw new Error('it never led');
        const operations = [{ kind: 'put', key: '/election/written', value: 'x' }] as const;
        return (
          await harness()
            .open()
            .transact({ compare: [fence], operations })
        ).succeeded;
      });
      expect(await Promise.all(writes)).toEqual([false, true]);
      wall.heal();
      await Promise.all([old.stop(), next.stop()]);
    });

    it('stops leading when somebody removes the key, and stands again', async () => {
      const key = '/election/removed';
      const log: string[] = [];
      const only = candidate(harness().open(), key, 'only', log);
      await vi.waitFor(() => expect(log).toHaveLength(1), { timeout: 5_000, interval: 5 });
      await harness()
        .open()
        .transact({ compare: [], operations: [{ kind: 'delete', key }] });
      await vi.waitFor(() => expect(log).toEqual(['only leads', 'only ends', 'only leads']), {
        timeout: 5_000,
        interval: 5,
      });
      await only.stop();
    });

    it('stands again after its work failed', async () => {
      const key = '/election/failing';
      const stop = new AbortController();
      let terms = 0;
      await campaign(harness().open(), candidateOptions(key, 'failing', stop.signal), async () => {
        terms += 1;
        if (terms === 2) stop.abort();
        throw new Error('the work failed');
      });
      expect(terms).toBe(2);
      expect(await harness().open().get(key)).toBeUndefined();
    });
  });
}

function candidateOptions(key: string, id: string, signal: AbortSignal) {
  const backoff = { firstMs: 10, maxMs: 50 };
  return { key, id, ttlSeconds, signal, clock: systemClock, logger: silentLogger, random: Math.random, backoff };
}

function candidate(store: Store, key: string, id: string, log: string[]) {
  const stop = new AbortController();
  const terms: Leadership[] = [];
  const done = campaign(store, candidateOptions(key, id, stop.signal), async (leadership) => {
    terms.push(leadership);
    log.push(`${id} leads`);
    await new Promise<void>((resolve) => leadership.signal.addEventListener('abort', () => resolve(), { once: true }));
    log.push(`${id} ends`);
  });
  return {
    terms,
    stop: () => {
      stop.abort();
      return done;
    },
  };
}
