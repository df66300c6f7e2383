import { expect, it } from 'vitest';
import { type BenchResult, medianOf, meetsTarget, percentile, renderResult } from './bench-result.js';

const result = (...values: number[]): BenchResult => ({
  bench: 'b',
  figures: values.map((value, n) => ({
    what: `figure ${n}`,
    value,
    unit: 'ms',
    target: { kind: 'at-most', value: 20 },
  })),
  notes: ['a note'],
});

it('takes percentiles by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([0, 0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 99, 100]);
  expect(percentile([7], 0.5)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

it('takes the median of each figure over the runs, and keeps all values', () => {
  const median = medianOf([result(30, 1), result(10, 3), result(20, 2)]);
  expect(median.figures.map(({ value, runs }) => [value, runs])).toEqual([
    [20, [30, 10, 20]],
    [2, [1, 3, 2]],
  ]);
  expect(median.notes).toEqual(['a note']);
  expect(medianOf([result(1), result(4)]).figures[0]?.value).toBe(2.5);
});

it('says which targets are not reached', () => {
  const target = { kind: 'at-least', value: 100 } as const;
  expect(meetsTarget({ what: '', unit: '', value: 99, target })).toBe(false);
  expect(meetsTarget({ what: '', unit: '', value: 100, target })).toBe(true);
  expect(meetsTarget({ what: '', unit: '', value: 1 })).toBeUndefined();
  const lines = renderResult(result(20, 20.1));
  expect(lines[1]).toMatch(/figure 0 .* reached$/);
  expect(lines[2]).toMatch(/figure 1 .*NOT REACHED$/);
});
