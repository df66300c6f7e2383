import { FairTurns, TurnsFullError } from '@taas/service';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Admission, BreakerOpenError, createBreaker } from './breaker.js';
import { createSharedCalls } from './shared-calls.js';

const never = new AbortController().signal;

describe('breaker', () => {
  const setUp = () => {
    const time = { now: 0 };
    const changes: boolean[] = [];
    const breaker = createBreaker({
      failures: 2,
      backoff: { firstMs: 100, maxMs: 400 },
      monotonic: () => time.now,
      random: () => 1,
      onChange: (open) => changes.push(open),
    });
    return { time, changes, breaker };
  };

  test('opens after failures in a row, lets one probe through after ever longer waits, closes on success', () => {
    const { time, changes, breaker } = setUp();
    breaker.admit().failed();
    breaker.admit().succeeded();
    breaker.admit().failed();
    expect(changes).toEqual([]);
    breaker.admit().failed();
    expect(changes).toEqual([true]);
    for (const wait of [100, 200, 400, 400]) {
      time.now += wait - 1;
      expect(() => breaker.admit()).toThrow(BreakerOpenError);
      time.now += 1;
      const probe = breaker.admit();
      expect(() => breaker.admit()).toThrow(BreakerOpenError);
      probe.failed();
    }
    time.now += 400;
    breaker.admit().abandoned();
    breaker.admit().succeeded();
    expect(changes).toEqual([true, false]);
    breaker.admit().failed();
    breaker.admit();
  });

  test('while it is not closed at most one request is out, whatever happens', () => {
    const event = fc.constantFrom('admit', 'succeeded', 'failed', 'abandoned', 'wait');
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const { time, breaker } = setUp();
        let probe: Admission | null = null;
        breaker.admit().failed();
        breaker.admit().failed();
        for (const kind of events) {
          if (kind === 'wait') time.now += 400;
          else if (kind === 'admit') {
            const before: Admission | null = probe;
            try {
              probe = breaker.admit();
              expect(before).toBeNull();
            } catch (error) {
              if (!(error instanceof BreakerOpenError)) throw error;
            }
          } else if (probe !== null) {
            probe[kind]();
            probe = null;
            if (kind === 'succeeded') return;
          }
        }
      }),
    );
  });
});

/** Turns as an upstream has them: all with one key. */
function createLimiter({ maxConcurrent: most, maxQueued: queued }: { maxConcurrent: number; maxQueued: number }) {
  const turns = new FairTurns({ concurrent: most, concurrentPerKey: most, waiting: queued, waitingPerKey: queued });
  return {
    run: async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
      const end = await turns.take('', signal);
      try {
        return await work();
      } finally {
        end();
      }
    },
  };
}

describe('limiter', () => {
  test('runs so many at once, in order, and all of them in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(3), { maxLength: 20 }), async (max, works) => {
        const limiter = createLimiter({ maxConcurrent: max, maxQueued: 100 });
        const started: number[] = [];
        let running = 0;
        await Promise.all(
          works.map((turns, index) =>
            limiter.run(never, async () => {
              started.push(index);
              expect(++running).toBeLessThanOrEqual(max);
              for (let i = 0; i < turns; i++) await Promise.resolve();
              running--;
            }),
          ),
        );
        expect(started).toEqual(works.map((_, index) => index));
      }),
    );
  });

  test('refuses when full; who aborts while waiting leaves its place free', async () => {
    const limiter = createLimiter({ maxConcurrent: 1, maxQueued: 1 });
    let finish: () => void = () => undefined;
    const first = limiter.run(never, () => new Promise<void>((resolve) => (finish = resolve)));
    const leaving = new AbortController();
    const second = limiter.run(leaving.signal, () => Promise.resolve('second'));
    await expect(limiter.run(never, () => Promise.resolve())).rejects.toThrow(TurnsFullError);
    leaving.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    const third = limiter.run(never, () => Promise.reject(new Error('failed')));
    finish();
    await first;
    await expect(third).rejects.toThrow('failed');
    expect(await limiter.run(never, () => Promise.resolve('fourth'))).toBe('fourth');
  });
});

test('a shared call is aborted when the last caller has left, and a later caller starts anew', async () => {
  const calls = createSharedCalls<string>();
  const signals: AbortSignal[] = [];
  const call = (signal: AbortSignal) => {
    signals.push(signal);
    return new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  };
  const [one, two] = [new AbortController(), new AbortController()];
  const results = [calls.run('k', one.signal, call), calls.run('k', two.signal, call)];
  one.abort(new Error('one'));
  expect(signals.map((signal) => signal.aborted)).toEqual([false]);
  two.abort(new Error('two'));
  await expect(results[0]).rejects.toThrow('one');
  await expect(results[1]).rejects.toThrow('two');
  expect(signals.map((signal) => signal.aborted)).toEqual([true]);
  expect(await calls.run('k', never, () => Promise.resolve('new'))).toBe('new');
  expect(calls.has('k')).toBe(false);
});
