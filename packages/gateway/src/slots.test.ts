import { systemClock } from '@taas/service';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Slots } from './slots.js';

const never = new AbortController().signal;

it('never gives more slots than there are, gives every free one, and keeps the order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom('take', 'give', 'leave'), { maxLength: 40 }),
      async (concurrent, steps) => {
        const slots = new Slots({ concurrent, waiting: 100, queueMs: 60_000 }, systemClock);
        const held: { nth: number; release: () => void }[] = [];
        const waiting = new Map<number, AbortController>();
        let nth = 0;
        for (const step of steps) {
          if (step === 'take') {
            const mine = nth++;
            const leaving = new AbortController();
            waiting.set(mine, leaving);
            slots.take(leaving.signal).then(
              (release) => {
                expect(mine).toBe(Math.min(...waiting.keys()));
                waiting.delete(mine);
                held.push({ nth: mine, release });
              },
              () => waiting.delete(mine),
            );
          } else if (step === 'give') {
            const one = held.shift();
            one?.release();
            one?.release();
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
  const slots = new Slots({ concurrent: 1, waiting: 1, queueMs: 20 }, systemClock);
  const release = await slots.take(never);
  const second = slots.take(never);
  await expect(slots.take(never)).rejects.toMatchObject({ status: 503 });
  await expect(second).rejects.toMatchObject({ status: 503 });
  expect(slots.waiting).toBe(0);
  release();
  expect(slots.taken).toBe(0);
});
