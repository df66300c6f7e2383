import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyAfter, leaseId, leaseNumber, prefixRange, toBytes } from './etcd-wire.js';

function within(key: string, range: { key: Uint8Array; rangeEnd: Uint8Array }): boolean {
  const bytes = toBytes(key);
  const open = range.rangeEnd.length === 1 && range.rangeEnd[0] === 0;
  return Buffer.compare(bytes, range.key) >= 0 && (open || Buffer.compare(bytes, range.rangeEnd) < 0);
}

describe('prefixRange', () => {
  const text = fc.string({ unit: 'binary' });

  it('holds every key with the prefix and no other', () => {
    fc.assert(
      fc.property(text, text, text, (prefix, rest, other) => {
        const range = prefixRange(prefix);
        expect(within(prefix + rest, range) || prefix + rest === '').toBe(true);
        if (!other.startsWith(prefix)) expect(within(other, range)).toBe(false);
      }),
    );
  });
});

describe('keyAfter', () => {
  it('is the very next key', () => {
    expect([...keyAfter(toBytes('ab'))]).toEqual([97, 98, 0]);
  });
});

describe('lease ids', () => {
  it('are the same after a round trip', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }), (number) => {
        expect(leaseNumber(leaseId(number))).toBe(number);
      }),
    );
  });

  it('that are none are refused', () => {
    expect(() => leaseNumber('lease')).toThrow(/lease id/);
  });
});
