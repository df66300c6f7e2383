import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '@taas/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockNames } from './lock-names.js';
import { createVppLock, type LockHolder, type VppLock } from './vpp-lock.js';

let directory: string;
let made: VppLock[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'taas-lock-'));
  made = [];
});
afterEach(async () => {
  for (const lock of made) await lock.release();
  await rm(directory, { recursive: true, force: true });
});

const socket = () => join(directory, 'api.sock');
const lockOf = (node: string, clock: Clock = systemClock, apiSocket = socket()) => {
  const lock = createVppLock({ apiSocket, self: { pid: process.pid, node }, clock });
  made.push(lock);
  return lock;
};
const never = new AbortController().signal;
const nobody = () => undefined;

/** Takes a lock and tells what it hears meanwhile. */
function taking(lock: VppLock) {
  const heard: (LockHolder | null)[] = [];
  const stop = new AbortController();
  const state = { taken: false };
  const done = lock
    .take((holder) => heard.push(holder), stop.signal)
    .then(() => {
      state.taken = true;
    });
  return { heard, stop, state, done };
}

it('is taken at once when nobody has it, and again after it was given back', async () => {
  for (let n = 0; n < 3; n++) {
    const lock = lockOf('a');
    const { heard, done } = taking(lock);
    await done;
    expect(heard).toEqual([]);
    await lock.release();
    await lock.release();
  }
});

it('keeps others waiting, who are told who has it, and then goes to one of them after the other', async () => {
  const first = lockOf('a');
  await first.take(nobody, never);
  const locks = ['b', 'c', 'd'].map((node) => lockOf(node));
  const waiting = locks.map((lock) => ({ lock, ...taking(lock) }));
  for (const { heard } of waiting) await expect.poll(() => heard).toEqual([{ pid: process.pid, node: 'a' }]);
  await first.release();
  for (let left = waiting; left.length > 0; ) {
    await expect.poll(() => left.filter(({ state }) => state.taken).length, { timeout: 5_000 }).toBe(1);
    // The others have found the new one, and nobody else has come in meanwhile.
    const holder = left.find(({ state }) => state.taken);
    left = left.filter((each) => each !== holder);
    const behind = { pid: process.pid, node: ['b', 'c', 'd'][locks.indexOf(holder?.lock ?? first)] };
    for (const { heard } of left) await expect.poll(() => heard.at(-1), { timeout: 5_000 }).toEqual(behind);
    expect(left.filter(({ state }) => state.taken)).toEqual([]);
    await holder?.lock.release();
  }
});

it('is not taken by two that reach VPP by different paths', async () => {
  await mkdir(join(directory, 'host'));
  const first = lockOf('a', systemClock, join(directory, 'host', 'api.sock'));
  await first.take(nobody, never);
  await rename(join(directory, 'host'), join(directory, 'container'));
  const { heard, stop, state, done } = taking(lockOf('b', systemClock, join(directory, 'container', 'api.sock')));
  await expect.poll(() => heard.length).toBe(1);
  expect(state.taken).toBe(false);
  stop.abort(new Error('enough'));
  await expect(done).rejects.toThrow('enough');
});

it('stops waiting as soon as it is told to', async () => {
  await lockOf('a').take(nobody, never);
  const { heard, stop, done } = taking(lockOf('b'));
  await expect.poll(() => heard.length).toBe(1);
  stop.abort(new Error('enough'));
  await expect(done).rejects.toThrow('enough');
  const late = new AbortController();
  late.abort(new Error('too late'));
  await expect(lockOf('c').take(nobody, late.signal)).rejects.toThrow('too late');
});

it('reminds again and again', async () => {
  await lockOf('a').take(nobody, never);
  const slept: number[] = [];
  const hasty: Clock = {
    ...systemClock,
    sleep: (ms, signal) => {
      slept.push(ms);
      return systemClock.sleep(ms > 1000 ? 1 : ms, signal);
    },
  };
  const { heard, stop, done } = taking(lockOf('b', hasty));
  await expect.poll(() => heard.length).toBeGreaterThan(3);
  stop.abort(new Error('enough'));
  await expect(done).rejects.toThrow('enough');
  expect(new Set(heard.map((holder) => holder?.node))).toEqual(new Set(['a']));
  expect(new Set(slept.filter((ms) => ms > 1000))).toEqual(new Set([61_000]));
});

it.each([
  ['says nothing', null],
  ['speaks of something else', 'ssh-2.0\n'],
  ['never ends its line', 'x'.repeat(100_000)],
])('waits behind one that %s', async (_what, text) => {
  const [name = ''] = await lockNames(socket());
  const peers: Socket[] = [];
  const other = createServer((peer) => {
    peers.push(peer);
    peer.on('error', nobody);
    if (text !== null) peer.write(text);
  });
  await new Promise<void>((done) => other.listen(name, () => done()));
  const { heard, state, done } = taking(lockOf('b'));
  await expect.poll(() => heard, { timeout: 5_000 }).toEqual([null]);
  expect(state.taken).toBe(false);
  const closed = new Promise<void>((resolve) => other.close(() => resolve()));
  for (const peer of peers) peer.destroy();
  await closed;
  await done;
});
