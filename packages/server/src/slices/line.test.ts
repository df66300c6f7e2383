import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Line } from './line.js';

it('is a queue in which each waits once, whatever comes and goes', () => {
  const step = fc.oneof(
    fc.tuple(fc.constantFrom('add', 'delete'), fc.integer({ min: 0, max: 9 })),
    fc.constant(['shift', 0] as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const line = new Line<number>();
      let model: number[] = [];
      for (const [what, member] of steps) {
        if (what === 'shift') expect(line.shift()).toBe(model.shift());
        else if (what === 'delete') {
          line.delete(member);
          model = model.filter((each) => each !== member);
        } else {
          line.add(member);
          if (!model.includes(member)) model.push(member);
        }
        expect(line.size).toBe(model.length);
        expect(line.has(member)).toBe(model.includes(member));
      }
    }),
    { numRuns: 500 },
  );
});
