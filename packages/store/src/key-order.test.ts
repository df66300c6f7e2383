import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, disjointPrefixes } from './key-order.js';

describe('compareKeys', () => {
  it('orders as the UTF-8 bytes do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it('puts a character beyond U+FFFF behind U+FFFD', () => {
    expect(compareKeys('\u{1F600}', '\uFFFD')).toBeGreaterThan(0);
  });
});

describe('disjointPrefixes', () => {
  it('keeps what no other prefix covers', () => {
    expect(disjointPrefixes(['/a/b/', '/c/', '/a/', '/c/'])).toEqual(['/a/', '/c/']);
    expect(disjointPrefixes(['/a/', ''])).toEqual(['']);
  });
});
