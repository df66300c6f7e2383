import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareKeys } from './key-order.js';
import { SortedKeys } from './sorted-keys.js';

it('holds the same keys in the same order as a sorted list, however they came and went', () => {
  const key = fc.oneof(fc.nat(5_000).map(String), fc.string({ maxLength: 3, unit: 'grapheme' }));
  fc.assert(
    fc.property(fc.array(key, { maxLength: 3_000, size: 'max' }), fc.array(key), key, (added, removed, start) => {
      const sorted = new SortedKeys();
      const model = new Set<string>();
      for (const each of added) {
        if (!model.has(each)) sorted.add(each);
        model.add(each);
      }
      for (const each of [...removed, ...added.slice(0, added.length >> 1)])
        if (model.delete(each)) sorted.delete(each);
      const expected = [...model].sort(compareKeys);
      expect([...sorted.from('')]).toEqual(expected);
      expect([...sorted.from(start)]).toEqual(expected.filter((each) => compareKeys(each, start) >= 0));
    }),
    { numRuns: 60 },
  );
});
