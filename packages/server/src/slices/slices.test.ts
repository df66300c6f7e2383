import { expect, it } from 'vitest';
import { mergeSorted } from './merge-sort.js';
import { atOnce, type Sliced, Slices, sliceMs } from './slices.js';

/** A clock that work moves on, and laps of the event loop that a test takes. */
function bench() {
  let now = 0;
  const laps: (() => void)[] = [];
  const slices = new Slices({ clock: { monotonic: () => now }, nextLap: (run) => void laps.push(run) });
  const done: string[] = [];
  function* work(name: string, steps: number): Sliced<string> {
    for (let step = 0; step < steps; step += 1) {
      now += 1;
      done.push(name);
      yield;
    }
    return name;
  }
  /** @returns how long the lap kept the event loop, in ms */
  const lap = (): number => {
    const from = now;
    laps.shift()?.();
    return now - from;
  };
  return { slices, work, lap, done, laps };
}

it('no lap takes longer than a slice, however many have however much to do, and all of it is done', async () => {
  const { slices, work, lap, laps } = bench();
  const results = Promise.all(Array.from({ length: 20 }, (_, n) => slices.run(`p${n % 3}`, work(`w${n}`, 50))));
  let longest = 0;
  let count = 0;
  for (; laps.length > 0; count += 1) longest = Math.max(longest, lap());
  expect(longest).toBeLessThanOrEqual(sliceMs);
  expect(count).toBeGreaterThanOrEqual((20 * 50) / sliceMs);
  expect(await results).toHaveLength(20);
});

it('projects take turns: who asks for little does not wait for who asks for much', () => {
  const { slices, work, lap, done } = bench();
  for (let n = 0; n < 100; n += 1) void slices.run('big', work('big', 1000));
  void slices.run('small', work('small', 1));
  lap();
  lap();
  expect(done).toContain('small');
});

it('ends what nobody waits for, and hands on what work throws', async () => {
  const { slices, work, lap, done } = bench();
  const gone = new AbortController();
  const left = slices.run('a', work('left', 100), gone.signal);
  lap();
  gone.abort(new Error('gone'));
  lap();
  await expect(left).rejects.toThrow('gone');
  expect(done.length).toBe(sliceMs);
  // biome-ignore lint/correctness/useYield: it fails at once.
  const failing = (function* (): Sliced<void> {
    throw new Error('broken');
  })();
  const failed = slices.run('a', failing);
  lap();
  await expect(failed).rejects.toThrow('broken');
});

it('sorts as toSorted does, equals in their order, and pauses on the way', () => {
  const items = Array.from({ length: 3000 }, (_, n) => ({ n, key: (n * 7919) % 13 }));
  const order = (a: { key: number }, b: { key: number }) => a.key - b.key;
  expect(atOnce(mergeSorted(items, order))).toEqual(items.toSorted(order));
  let pauses = 0;
  const work = mergeSorted(items, order);
  while (!work.next().done) pauses += 1;
  expect(pauses).toBeGreaterThan(3000 / 64);
  expect(atOnce(mergeSorted([], order))).toEqual([]);
});
