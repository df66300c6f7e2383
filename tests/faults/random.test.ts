import fc from 'fast-check';
import { expect, it } from 'vitest';
import { catalogue } from './catalogue/catalogue.js';
import { allPairs, planFaults } from './plan.js';
import { Random } from './random.js';

const seed = fc.integer({ min: 0, max: 0xffffffff });
const first = (random: Random, count = 20) => Array.from({ length: count }, () => random.next());

it('a seed decides every choice, and a fork does not depend on how often others choose', () => {
  fc.assert(
    fc.property(seed, (s) => {
      expect(first(new Random(s))).toEqual(first(new Random(s)));
      const used = new Random(s);
      first(used);
      expect(first(used.fork('a'))).toEqual(first(new Random(s).fork('a')));
      expect(first(new Random(s).fork('a'))).not.toEqual(first(new Random(s).fork('b')));
    }),
  );
});

it('whole numbers are within their bounds, and all of them come', () => {
  const random = new Random(1);
  const numbers = Array.from({ length: 500 }, () => random.int(-2, 3));
  expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
  expect(random.shuffled([1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4]);
  expect(() => random.pick([])).toThrow(RangeError);
});

it('a plan is the same for the same seed, and pairs are all there', () => {
  const plan = (s: number) =>
    planFaults(new Random(s), catalogue, undefined).map(({ fault, afterMs, holdMs }) => [fault.name, afterMs, holdMs]);
  fc.assert(
    fc.property(seed, (s) => {
      expect(plan(s)).toEqual(plan(s));
    }),
  );
  const [a, b, c] = catalogue;
  if (!a || !b || !c) throw new Error('there are faults');
  expect(allPairs([a, b, c])).toEqual([
    [a, a],
    [a, b],
    [a, c],
    [b, b],
    [b, c],
    [c, c],
  ]);
});
