import { describe, expect, it } from 'vitest';
import { readStatistics } from '../api/statistics.js';
import { directionsOf, sourceRate } from './source-rate.js';

const at = (second: number, ...seen: readonly (readonly [string, number, number | null])[]) =>
  readStatistics({
    as_of: `2026-11-29T12:00:0${second}.000Z`,
    stages: seen.map(([direction, packets, bytes]) => ({ stage: 'seen', direction, packets, bytes })),
  });
const both = new Set(['IN', 'OUT'] as const);

describe('the rate of a source', () => {
  it('is what came between the times of the figures', () => {
    const rate = sourceRate(at(1, ['IN', 10, 1_000], ['OUT', 5, 500]), at(6, ['IN', 60, 6_000], ['OUT', 5, 500]), both);
    expect(rate).toEqual({ packetsPerSecond: 10, bitsPerSecond: 8_000 });
  });

  it('of both directions is known where they are counted together, of one it is not', () => {
    const [was, is] = [at(1, ['BOTH', 0, 0]), at(2, ['BOTH', 7, 70])];
    expect(sourceRate(was, is, both)).toEqual({ packetsPerSecond: 7, bitsPerSecond: 560 });
    expect(sourceRate(was, is, new Set(['IN'] as const))).toHaveProperty('unknown');
  });

  it('has no bits where bytes are not counted', () => {
    expect(sourceRate(at(1, ['IN', 0, null]), at(2, ['IN', 7, 9]), new Set(['IN'] as const))).toEqual({
      ...{ packetsPerSecond: 7, bitsPerSecond: null },
    });
  });

  it('is not known, which is not 0, where figures are missing, old or began anew', () => {
    for (const [was, is] of [
      [at(1, ['IN', 5, 5]), at(1, ['IN', 5, 5])],
      [at(1, ['IN', 5, 5], ['OUT', 1, 1]), at(2, ['IN', 5, 5])],
      [at(1, ['IN', 5, 5], ['OUT', 1, 1]), at(2, ['IN', 1, 5], ['OUT', 1, 1])],
      [readStatistics({}), at(2, ['IN', 5, 5], ['OUT', 1, 1])],
    ] as const)
      expect(sourceRate(was, is, both)).toHaveProperty('unknown');
  });
});

it('the directions of a tap are those of its attributes', () => {
  expect(directionsOf({ direction: 'BOTH' })).toEqual(both);
  expect(directionsOf({ directions: { OUT: 7 } })).toEqual(new Set(['OUT']));
  expect(directionsOf({ directions: { BOTH: 7 } })).toEqual(both);
});
