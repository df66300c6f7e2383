import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffDelay } from './backoff.js';

it('doubles up to its ceiling and never leaves the upper half', () => {
  const policy = { firstMs: 100, maxMs: 5_000 };
  fc.assert(
    fc.property(fc.nat(2_000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const delay = backoffDelay(policy, attempt, random);
      const ceiling = Math.min(5_000, 100 * 2 ** Math.min(attempt, 30));
      expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
      expect(delay).toBeLessThan(ceiling + 1e-9);
    }),
  );
});
