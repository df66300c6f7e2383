import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextLimit } from './page-limit.js';

const page = (keys: number, bytes: number) => Array.from({ length: keys }, () => new Uint8Array(bytes));

it('pages of small values grow until they have four megabytes', () => {
  let limit = 2_000;
  const limits = Array.from({ length: 4 }, () => {
    limit = nextLimit(limit, page(limit, 400));
    return limit;
  });
  expect(limits).toEqual([8_000, 10_486, 10_486, 10_486]);
});

it('pages of large values shrink at once', () => {
  expect(nextLimit(2_000, page(2_000, 40_000))).toBe(105);
  expect(nextLimit(100, page(3, 5_000_000))).toBe(1);
});

it('asks for one key at least, and for no more than four times as many', () => {
  const limits = fc.integer({ min: 1, max: 20_000 });
  fc.assert(
    fc.property(limits, fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 50 }), (limit, sizes) => {
      const next = nextLimit(
        limit,
        sizes.map((size) => new Uint8Array(size)),
      );
      expect(next).toBeGreaterThanOrEqual(1);
      expect(next).toBeLessThanOrEqual(4 * limit);
      expect(Number.isInteger(next)).toBe(true);
    }),
  );
});
