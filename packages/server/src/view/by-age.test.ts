import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Aged, ByAge, compareAge, firstNotBefore } from './by-age.js';

it('holds what was added and not taken away, oldest first', () => {
  const id = fc.integer({ min: 0, max: 2000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), id), { minLength: 1000, maxLength: 4000 }), (orders) => {
      const aged = (n: number): Aged => ({ madeAt: (n * 7) % 50, createRevision: n % 9, id: String(n) });
      const index = new ByAge();
      const there = new Map<number, Aged>();
      for (const [adds, n] of orders) {
        if (adds && !there.has(n)) {
          index.add(aged(n));
          there.set(n, aged(n));
        } else if (!adds) {
          index.delete(aged(n));
          there.delete(n);
        }
      }
      const sorted = [...there.values()].sort(compareAge);
      expect(index.all()).toEqual(sorted);
      expect(index.size).toBe(sorted.length);
      for (const [at, item] of sorted.entries()) expect(firstNotBefore(sorted, item)).toBe(at);
    }),
    { numRuns: 20 },
  );
});
