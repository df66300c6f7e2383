import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromVppAddress, fromVppMac, toVppAddress, toVppMac } from './ip-address.js';

it.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::', '::'],
  ['::1', '::1'],
  ['2001:DB8::0:1', '2001:db8::1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['fe80::', 'fe80::'],
  ['::ffff:10.0.0.1', '::ffff:a00:1'],
])('%s is written as %s', (text, canonical) => {
  expect(fromVppAddress(toVppAddress(text))).toBe(canonical);
});

it('any address survives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const text = fromVppAddress({ af: 1, un: { raw: bytes } });
      expect(isIP(text)).toBe(6);
      expect(toVppAddress(text)).toEqual({ af: 1, un: { raw: Uint8Array.from(bytes) } });
    }),
  );
  fc.assert(
    fc.property(fc.ipV4(), (text) => {
      expect(fromVppAddress(toVppAddress(text))).toBe(text);
    }),
  );
});

it.each(['', 'x', '10.0.0', '10.0.0.256', '::1%eth0', 'localhost'])('%j is refused', (text) => {
  expect(() => toVppAddress(text)).toThrow(/is not an IP address/);
});

it('MAC addresses go both ways', () => {
  expect(fromVppMac(toVppMac('02:00:0A:ff:00:01'))).toBe('02:00:0a:ff:00:01');
  expect(() => toVppMac('02:00')).toThrow(/is not a MAC address/);
});
