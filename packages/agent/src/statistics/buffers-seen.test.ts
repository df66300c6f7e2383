import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type BuffersSeen, buffersSeen } from './buffers-seen.js';

const all = 1000;
const reading = fc
  .tuple(fc.integer({ min: 0, max: all }), fc.integer({ min: 0, max: all }))
  .map(([used, cached]) => ({ used, cached: Math.min(cached, all - used) }));

it('is the most that was in use, and is told anew ten times at most, however it goes up and down', () => {
  fc.assert(
    fc.property(fc.array(reading, { minLength: 1 }), (readings) => {
      let seen = null as BuffersSeen | null;
      let told = 0;
      for (const { used, cached } of readings) {
        const next = buffersSeen(seen, { available: all - used - cached, used, cached });
        if (JSON.stringify(next) !== JSON.stringify(seen)) told += 1;
        seen = next;
      }
      expect(seen).toEqual({ all, peakTenths: Math.ceil(Math.max(...readings.map(({ used }) => used)) / 100) });
      expect(told).toBeLessThanOrEqual(11);
    }),
  );
});

it('stands though VPP has counted one gauge a moment before the other', () => {
  const before = { all, peakTenths: 3 };
  expect(buffersSeen(before, { available: 690, used: 300, cached: 0 })).toEqual(before);
  expect(buffersSeen(before, { available: 1_001, used: 2 ** 32 - 1, cached: 0 })).toEqual(before);
});

it('is not known where VPP does not say both', () => {
  expect(buffersSeen(null, { available: 16 })).toBeNull();
  expect(buffersSeen(null, { available: 0, used: 0 })).toBeNull();
  expect(buffersSeen({ all: 5, peakTenths: 3 }, { used: 2 })).toEqual({ all: 5, peakTenths: 3 });
});
