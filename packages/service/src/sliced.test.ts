import { expect, it } from 'vitest';
import { atOnce, inSlices, type Sliced } from './sliced.js';

function* work(steps: number, done: (n: number) => void): Sliced<string> {
  for (let n = 1; n <= steps; n += 1) {
    done(n);
    yield;
  }
  return 'done';
}

it('is done in slices, and others have their turn after each', async () => {
  let now = 0;
  let steps = 0;
  const seen: number[] = [];
  const look = (): NodeJS.Immediate =>
    setImmediate(() => {
      seen.push(steps);
      if (steps < 20) look();
    });
  look();
  // Each step takes 2 ms: three of them are a slice.
  const all = work(20, (n) => {
    steps = n;
    now += 2;
  });
  expect(await inSlices(all, { monotonic: () => now })).toBe('done');
  expect(seen.length).toBeGreaterThan(4);
  for (const [n, step] of seen.entries()) expect(step - (seen[n - 1] ?? 0)).toBeLessThanOrEqual(3);
});

it('is done without a pause if it is short', async () => {
  let isLate = false;
  setImmediate(() => {
    isLate = true;
  });
  await inSlices(
    work(100, () => expect(isLate).toBe(false)),
    { monotonic: () => 0 },
  );
});

it('throws what the work throws', async () => {
  const failing = work(3, (n) => {
    if (n === 2) throw new Error('the second step');
  });
  await expect(inSlices(failing, { monotonic: () => 0 })).rejects.toThrow('the second step');
  expect(() => atOnce(work(1, () => expect.unreachable()))).toThrow();
});
