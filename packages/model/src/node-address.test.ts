import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isIpPrefix, isSameAddress, tunnelAddressProblem } from './node-address.js';

describe("the address of a node's tunnels", () => {
  it.each(['10.0.0.1', '192.168.255.254', 'fd00::1', '2001:db8::10.0.0.1', 'fc00:0:0::5', '::1:2:3:4'])(
    'may be %s',
    (text) => {
      expect(tunnelAddressProblem(text)).toBeNull();
    },
  );

  it.each([
    ...['garbage', '', '\n', '999.1.1.1', '010.0.0.1', '1.2.3.4/24', '1.2.3', '10.0.0.1 ', 'fe80::1%eth0', '::%x'],
    ...['x'.repeat(100_000), '1'.repeat(1_000_000), '0.0.0.0', '0.1.2.3', '127.0.0.1', '224.0.0.5', '239.255.255.255'],
    ...['240.0.0.1', '255.255.255.255', '::', '0:0::0', '::1', 'fe80::1', 'febf::1', 'ff02::1', 'FF0E::5'],
    ...['::ffff:10.0.0.1', '::FFFF:0a00:1', '0:0:0:0:0:ffff:10.0.0.1', '::10.0.0.1', '::7f00:1', '__proto__'],
  ])('is not %j', (text) => {
    expect(tunnelAddressProblem(text)).toMatch(/./);
  });

  it("is what Node's own lists of subnets say", () => {
    const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
    for (const [address, prefix] of [
      ['0.0.0.0', 8],
      ['127.0.0.0', 8],
      ['224.0.0.0', 3],
    ] as const)
      lists.ipv4.addSubnet(address, prefix, 'ipv4');
    for (const [address, prefix] of [
      ['::', 127],
      ['fe80::', 10],
      ['ff00::', 8],
    ] as const)
      lists.ipv6.addSubnet(address, prefix, 'ipv6');
    const family = fc.oneof(
      fc.tuple(fc.constant('ipv4' as const), fc.ipV4()),
      fc.tuple(
        fc.constant('ipv6' as const),
        fc.oneof(fc.ipV6(), fc.constantFrom('::2', 'fec0::', 'fe7f::1', 'fe80::')),
      ),
    );
    fc.assert(
      fc.property(family, ([of, address]) => {
        const problem = tunnelAddressProblem(address);
        fc.pre(problem === null || !problem.includes('written as one of IPv6'));
        expect(problem !== null).toBe(lists[of].check(address, of));
      }),
      { numRuns: 2_000 },
    );
  });

  it('says what is wrong with a zone', () => {
    expect(tunnelAddressProblem('fe80::1%eth0')).toMatch(/has a zone/);
  });

  it('is one address in any spelling', () => {
    expect(isSameAddress('fd00::1', 'FD00:0:0:0::0001')).toBe(true);
    expect(isSameAddress('fd00::1', 'fd00::2')).toBe(false);
    expect(isSameAddress('10.0.0.1', '::ffff:10.0.0.1')).toBe(false);
  });
});

it.each([
  ['10.0.0.0/8', true],
  ['10.0.0.1', true],
  ['fd00::/128', true],
  ['10.0.0.0/33', false],
  ['10.0.0.0/', false],
  ['10.0.0.0/8/8', false],
  ['fd00::/-1', false],
  ['fe80::%1/64', false],
  ['/8', false],
])('a prefix: %s is %s', (text, is) => {
  expect(isIpPrefix(text)).toBe(is);
});
