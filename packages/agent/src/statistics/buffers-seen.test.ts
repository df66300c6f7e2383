import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BuffersSeen, buffersSeen } from './buffers-seen.js';

it('is the most that was in use, and is told anew ten times at most, however it goes up and down', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1 }), (readings) => {
      let seen = null as BuffersSeen | null;
      let told = 0;
      for (const used of readings) {
        const next = buffersSeen(seen, 1000 - used, used);
        if (next?.peakTenths !== seen?.peakTenths) told += 1;
        seen = next;
      }
      expect(seen).toEqual({ all: 1000, peakTenths: Math.ceil(Math.max(...readings) / 100) });
      expect(told).toBeLessThanOrEqual(11);
    }),
  );
});

it('is not known where VPP does not say both', () => {
  expect(buffersSeen(null, 16, undefined)).toBeNull();
  expect(buffersSeen(null, 0, 0)).toBeNull();
  expect(buffersSeen({ all: 5, peakTenths: 3 }, undefined, 2)).toEqual({ all: 5, peakTenths: 3 });
});
