import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Latest } from './latest.js';

it('keeps the latest of each, in the order in which they came last', () => {
  const keys = fc.array(fc.integer({ min: -3, max: 12 }), { maxLength: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), keys, (most, puts) => {
      const latest = new Latest<number, string>(most);
      let model: (readonly [number, string])[] = [];
      for (const [at, key] of puts.entries()) {
        // Every now and then one is taken away instead.
        if (key < 0) {
          const taken = model[-key - 1]?.[0] ?? -1;
          latest.delete(taken);
          model = model.filter(([each]) => each !== taken);
          expect(latest.get(taken)).toBeUndefined();
          continue;
        }
        const gone = latest.put(key, `${key} at ${at}`);
        expect(latest.get(key)).toBe(`${key} at ${at}`);
        model = [...model.filter(([each]) => each !== key), [key, `${key} at ${at}`]];
        expect(gone).toBe(model.length > most ? model.shift()?.[1] : undefined);
        expect([...latest.values()]).toEqual(model.map(([, value]) => value));
      }
      latest.clear();
      expect([...latest.values()]).toEqual([]);
      expect(latest.put(0, 'anew')).toBeUndefined();
      expect([...latest.values()]).toEqual(['anew']);
    }),
    { numRuns: 300 },
  );
});
