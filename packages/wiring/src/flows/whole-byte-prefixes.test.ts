import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AclRule } from '../objects/acl.js';
import { wholeByteRules } from './whole-byte-prefixes.js';

const anyPort = [0, 65535] as const;
const rule = (source: string, destination: string): AclRule => ({
  ...{ permit: true, source, destination, protocol: 0 },
  ...{ sourcePorts: anyPort, destinationPorts: anyPort },
});
const groups = (address: bigint) =>
  Array.from({ length: 8 }, (_, n) => ((address >> BigInt(112 - 16 * n)) & 0xffffn).toString(16)).join(':');
const text = (address: bigint) => new URL(`http://[${groups(address)}]/`).hostname.slice(1, -1);
const number = (address: string) => {
  const [before = '', after = ''] = address.split('::');
  const [head, tail] = [before, after].map((side) => side.split(':').filter((group) => group !== ''));
  const all = [...(head ?? []), ...Array(8 - (head?.length ?? 0) - (tail?.length ?? 0)).fill('0'), ...(tail ?? [])];
  return all.reduce((sum: bigint, group: string) => (sum << 16n) | BigInt(`0x${group}`), 0n);
};
const isIn = (address: bigint, prefix: string) => {
  const [base = '', length] = prefix.split('/');
  const shift = BigInt(128 - Number(length));
  return number(base) >> shift === address >> shift;
};
const address = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
const prefix = fc.tuple(address, fc.integer({ min: 0, max: 128 })).map(([base, length]) => {
  const shift = BigInt(128 - length);
  return `${text((base >> shift) << shift)}/${length}`;
});

describe('IPv6 prefixes that end at whole bytes', () => {
  it('match what the given one matches, each address once, and nothing else', () => {
    fc.assert(
      fc.property(prefix, address, fc.integer({ min: 0, max: 128 }), (wanted, other, kept) => {
        const rules = wholeByteRules([rule(wanted, '::/0')], 128) ?? [];
        for (const { source } of rules) expect(Number(source.split('/')[1]) % 8).toBe(0);
        // Addresses that share a beginning with the prefix are those that may be taken for one of it.
        const base = number(wanted.split('/')[0] ?? '');
        const shift = BigInt(128 - kept);
        const near = ((base >> shift) << shift) | (other & ((1n << shift) - 1n));
        for (const each of [other, near, base])
          expect(rules.filter(({ source }) => isIn(each, source))).toHaveLength(isIn(each, wanted) ? 1 : 0);
      }),
      { numRuns: 500 },
    );
  });

  it('stand in the order of the rules, and IPv4 stays as it is', () => {
    const four = rule('10.0.0.0/9', '0.0.0.0/0');
    expect(wholeByteRules([four, rule('2001:db8::/31', 'fd00::/8')], 10)).toEqual([
      four,
      rule('2001:db8::/32', 'fd00::/8'),
      rule('2001:db9::/32', 'fd00::/8'),
    ]);
  });

  it('are refused where they are too many, before they are made', () => {
    expect(wholeByteRules([rule('2001:db8::/33', 'fd00::/9')], 16_383)).toBeNull();
    expect(wholeByteRules([rule('2001:db8::/33', 'fd00::/9')], 16_384)).toHaveLength(16_384);
  });
});
