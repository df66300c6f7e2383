import { keys, prefixes, statisticsRequestCodec } from '@taas/model';
import { RequestLeases } from '@taas/server/testing';
import { type Clock, silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import { type EtcdProcess, launchEtcd } from '@taas/store/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';

let etcd: EtcdProcess;
const stores: Store[] = [];

beforeEach(async () => {
  etcd = await launchEtcd({ clock: systemClock });
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await etcd.close();
});

const open = (): Store => {
  const store = createEtcdStore({
    ...{ endpoints: [etcd.endpoint], clock: systemClock },
    ...{ logger: silentLogger, random: Math.random },
  });
  stores.push(store);
  return store;
};

/** Time goes as fast as the test says, in steps; the lease itself is etcd's. */
class SteppedClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  now = () => this.#now;
  monotonic = () => this.#now;
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#now + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
  pass(ms: number): void {
    this.#now += ms;
    for (const sleeper of [...this.#sleepers])
      if (sleeper.at <= this.#now) {
        this.#sleepers.delete(sleeper);
        sleeper.wake();
      }
  }
}

const key = keys.statisticsRequest('node1', 'tap_flows', '00000000-0000-4000-8000-000000000001');
const value = statisticsRequestCodec.format({ v: 1 });
const ask = async (store: Store, leases: RequestLeases) => {
  const lease = await leases.current();
  await store.transact({ compare: [], operations: [{ kind: 'put', key, value, lease: lease.id }] });
  return lease.id;
};
/** Waits, by etcd's own word, until the request has gone. */
async function untilGone(store: Store): Promise<void> {
  for await (const event of store.follow([prefixes.nodeTaas('node1')], AbortSignal.timeout(10_000))) {
    if (event.kind === 'snapshot' && event.entries.length === 0) return;
    if (event.kind === 'changes' && event.changes.some((change) => change.kind === 'delete')) return;
  }
  throw new Error('the request has not gone');
}

it('requests of 15 s hang on one lease, and those that are not written anew go with it', async () => {
  const store = open();
  const clock = new SteppedClock();
  const leases = new RequestLeases(store, clock);
  const first = await ask(store, leases);
  clock.pass(14_000);
  expect(await ask(store, leases)).toBe(first);
  clock.pass(2_000);
  const second = await ask(store, leases);
  expect(second).not.toBe(first);
  // The first lease ends; the request hangs on the second one.
  clock.pass(30_000);
  expect(await store.get(key)).toBeDefined();
  clock.pass(20_000);
  await untilGone(store);
  await leases.stop();
});

it('two servers that ask for the same take nothing from each other', async () => {
  const [one, other] = [open(), open()];
  const clock = new SteppedClock();
  const [ours, theirs] = [new RequestLeases(one, clock), new RequestLeases(other, clock)];
  await ask(one, ours);
  await ask(other, theirs);
  await ours.stop();
  expect(await other.get(key)).toBeDefined();
  await theirs.stop();
  await untilGone(other);
});
