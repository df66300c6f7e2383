import { type LogFields, type Logger, silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createAgent } from '../agent.js';
import { Bench, type BenchNode } from '../testing/bench.js';
import { StandBy } from './stand-by.js';
import { createVppLock, type LockHolder, type VppLock } from './vpp-lock.js';

let bench: Bench;
let node: BenchNode;
beforeEach(async () => {
  bench = await Bench.create();
  node = await bench.addNode('n1');
});
afterEach(async () => {
  await bench.close();
});

function errorsInto(lines: LogFields[]): Logger {
  return { ...silentLogger, error: (fields) => lines.push(fields) };
}

it('an agent that stands by touches neither VPP nor the store, says so, and works when it is its turn', async () => {
  await node.start();
  const touched: string[] = [];
  const own = bench.store.client();
  const store = new Proxy(own, {
    get: (target, name) => {
      touched.push(String(name));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const errors: LogFields[] = [];
  const lock = createVppLock({
    ...{ apiSocket: node.vpp.socketPath, clock: systemClock, self: { pid: process.pid, node: 'n1' } },
  });
  const second = createAgent(node.config(), {
    ...{ store, lock, clock: systemClock, logger: errorsInto(errors), random: () => 0.5 },
    connectVpp: (signal) => {
      touched.push('VPP');
      return node.connectVpp(signal);
    },
  });
  await second.start();
  const ready = async () => {
    const answer = await fetch(`http://127.0.0.1:${second.healthPort}/readyz`);
    return { status: answer.status, ...((await answer.json()) as object) };
  };
  const holder = { pid: process.pid, node: 'n1' };
  await expect.poll(ready).toMatchObject({ status: 503, ok: false, vpp: false, store: false, standing_by: holder });
  expect(errors).toEqual([{ at_work: holder, node: 'n1', api_socket: node.vpp.socketPath }]);
  expect(touched).toEqual([]);
  await node.stop();
  await expect.poll(ready, { timeout: 5_000 }).toMatchObject({ status: 200, ok: true, vpp: true, store: true });
  expect(await ready()).not.toHaveProperty('standing_by');
  await second.stop();
  // It has given the lock back.
  await node.start();
  await node.stop();
  expect(touched).toContain('VPP');
  await own.close();
});

it('speaks once a minute at most, whoever is at work, and always knows who that is', async () => {
  const lines: LogFields[] = [];
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const seen: unknown[] = [];
  const lock: VppLock = {
    take: async (waiting) => {
      const holders: (LockHolder | null)[] = [{ pid: 1, node: 'a' }, null, { pid: 2, node: 'a' }];
      for (; now < 180_000; now += 10_000) {
        waiting(holders[(now / 10_000) % 3] ?? null);
        seen.push(standBy.behind);
      }
    },
    release: async () => undefined,
  };
  const standBy = new StandBy({ lock, clock, logger: errorsInto(lines), fields: {} });
  expect(await standBy.over(new AbortController().signal)).toBe(true);
  expect(seen.slice(0, 3)).toEqual([{ pid: 1, node: 'a' }, 'unknown', { pid: 2, node: 'a' }]);
  expect(lines).toHaveLength(3);
  expect(standBy.behind).toBeNull();
});
