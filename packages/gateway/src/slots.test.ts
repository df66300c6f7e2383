import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Client } from './clients.js';
import { Slots } from './slots.js';

const never = new AbortController().signal;
const limits = { concurrentPerClient: 100, strangers: 100, strangersPerClient: 100, strangersWaiting: 400 };
const known = (key: string): Client => ({ known: true, key, network: '' });
const stranger = (key: string): Client => ({ known: false, key, network: key });
const one = known('one');

it('never gives more slots than there are, gives every free one, and keeps the order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom('take', 'give', 'leave'), { maxLength: 40 }),
      async (concurrent, steps) => {
        const slots = new Slots({ ...limits, concurrent, waiting: 100, queueMs: 60_000 });
        const held: { nth: number; release: () => void }[] = [];
        const waiting = new Map<number, AbortController>();
        let nth = 0;
        for (const step of steps) {
          if (step === 'take') {
            const mine = nth++;
            const leaving = new AbortController();
            waiting.set(mine, leaving);
            slots.take(one, leaving.signal).then(
              (release) => {
                expect(mine).toBe(Math.min(...waiting.keys()));
                waiting.delete(mine);
                held.push({ nth: mine, release });
              },
              () => waiting.delete(mine),
            );
          } else if (step === 'give') {
            const first = held.shift();
            first?.release();
            first?.release();
          } else [...waiting.values()].at(-1)?.abort(new Error('the client has left'));
          await new Promise((resolve) => setImmediate(resolve));
          expect(held.length).toBeLessThanOrEqual(concurrent);
          expect(slots.taken).toBe(held.length);
          expect(slots.waiting).toBe(waiting.size);
          if (held.length < concurrent) expect(waiting.size).toBe(0);
        }
        for (const each of waiting.values()) each.abort(new Error('over'));
      },
    ),
    { numRuns: 50 },
  );
});

it('refuses with 503 when the queue is full, and who has waited too long', async () => {
  const slots = new Slots({ ...limits, concurrent: 1, waiting: 1, queueMs: 20 });
  const release = await slots.take(one, never);
  const second = slots.take(one, never);
  await expect(slots.take(one, never)).rejects.toMatchObject({ status: 503 });
  await expect(second).rejects.toMatchObject({ status: 503 });
  expect(slots.waiting).toBe(0);
  release();
  expect(slots.taken).toBe(0);
});

it('strangers have some of the slots, one network some of those, and the known the rest', async () => {
  const slots = new Slots({
    ...{ concurrent: 6, concurrentPerClient: 3, strangers: 4, strangersPerClient: 2 },
    ...{ waiting: 10, strangersWaiting: 400, queueMs: 60_000 },
  });
  const had: string[] = [];
  const ends: (() => void)[] = [];
  const take = async (client: Client) => {
    slots.take(client, never).then(
      (end) => {
        had.push(client.key);
        ends.push(end);
      },
      () => undefined,
    );
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let n = 0; n < 50; n++) await take(stranger('attacker'));
  expect(had).toEqual(['attacker', 'attacker']);
  await take(stranger('newcomer'));
  expect(had.slice(2)).toEqual(['newcomer']);
  for (let n = 0; n < 5; n++) await take(known('tenant'));
  expect(had.slice(3)).toEqual(['tenant', 'tenant', 'tenant']);
  ends.at(-1)?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(had.slice(6)).toEqual(['tenant']);
});
