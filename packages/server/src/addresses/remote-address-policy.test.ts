import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RemoteAddressOptions, remoteAddressPolicy, usualRemoteAddresses } from './remote-address-policy.js';
import { SubnetError } from './subnet-set.js';

const underlay = (...recorded: string[]) => ({ recorded, unrecorded: [], unreadable: null });
const away = underlay('192.168.77.1');
const only = (options: Partial<RemoteAddressOptions>) => remoteAddressPolicy({ ...usualRemoteAddresses, ...options });

describe('addresses that mirrors may send to', () => {
  const policy = only({ denied: ['10.0.0.0/8', '2001:db8::/32'], prefix: { ipv4: 25, ipv6: 48 } });
  const nodes = underlay('198.51.100.129', '2001:db9:1::5');

  it.each([
    ...['0.0.0.0', '0.1.2.3', '127.1.2.3', '169.254.0.1', '192.0.0.8', '224.0.0.1', '239.255.255.255'],
    ...[
      '255.255.255.255',
      '240.0.0.1',
      '::',
      '::1',
      'fe80::1',
      'FE80::1',
      'fec0::1',
      'feff:ffff::1',
      'ff02::1',
      '100::1',
    ],
    // The operator's, and the underlay's.
    ...['10.255.0.1', '2001:db8::5', '198.51.100.129', '198.51.100.255', '2001:db9:1:ffff::1', '2001:DB9:1::0005'],
    // IPv4 in IPv6: mapped, translated, NAT64, 6to4, ISATAP.
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:10.1.2.3', '0:0:0:0:0:ffff:c633:6481', '::ffff:0:10.1.2.3'],
    ...['64:ff9b::127.0.0.1', '64:ff9b::10.1.2.3', '64:ff9b::c633:6481', '0064:FF9B:0:0:0:0:c633:6481'],
    ...[
      '2002:7f00:1::1',
      '2002:0a01:203::',
      '2002:c633:6481:abcd::5',
      '2003:db9::5efe:10.1.2.3',
      '2003:db9::200:5efe:c633:6481',
    ],
    // Where they lead nobody can tell, or nobody should go: compatible, local NAT64 of any length, Teredo.
    ...[
      '::10.1.2.3',
      '::11.0.0.1',
      '::2',
      '64:ff9b:1::11.0.0.1',
      '64:ff9b:1:b00::1',
      '64:ff9b:2::1',
      '2001:0:b00:1::1',
    ],
    // No addresses.
    ...['fe80::1%eth0', '2003:db9::1%eth0', '11.0.0.01', '0x0b.0.0.1', '11.0.1', '', '11.0.0.1/32', ' 11.0.0.1'],
  ])('leave out %s', (address) => expect(policy.judge(address, nodes).is).toBe('refused'));

  it.each([
    ...['198.51.100.2', '198.51.100.127', '11.0.0.1', '2001:db9::1', '2001:db9:2::1', '2001:1::1', '100.64.0.1'],
    ...['192.0.1.1', '198.18.0.1', '203.0.113.7', 'fd00::1', '100:0:0:1::1'],
    ...['::ffff:11.0.0.1', '64:ff9b::11.0.0.1', '2002:b00:1::1', '2003:db9::5efe:11.0.0.1'],
  ])('have %s among them', (address) => expect(policy.judge(address, nodes)).toEqual({ is: 'allowed' }));

  it('are none of a denied subnet, however it is written, and however the address is', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, bits) => {
        const own = only({ denied: [`${address}/${bits}`] });
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const hex = (high: number, low: number) => (high * 256 + low).toString(16);
        const forms = [`::ffff:${address}`, `64:ff9b::${address}`, `2002:${hex(a, b)}:${hex(c, d)}::1`];
        for (const each of [address, ...forms]) expect(own.judge(each, away).is).toBe('refused');
      }),
    );
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), (address, bits) => {
        expect(only({ denied: [`${address}/${bits}`] }).judge(address, away).is).toBe('refused');
      }),
    );
    expect(() => only({ denied: ['10.0.0.0/33'] })).toThrow(SubnetError);
    expect(() => only({ denied: ['fe80::1%eth0/64'] })).toThrow(SubnetError);
    expect(() => only({ underlaySubnets: ['ten'] })).toThrow(/write it like/);
  });

  it('are not those around the address of a node, whether that is written down or not', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const own = only({});
        expect(own.judge(address, underlay(address)).is).toBe('refused');
        expect(own.judge(address, { recorded: ['192.168.77.1'], unrecorded: [address], unreadable: null }).is).toBe(
          'refused',
        );
        expect(own.judge(address, underlay(`::ffff:${address}`)).is).toBe('refused');
      }),
    );
  });

  it('are not known while the underlay is not: no node has spoken, or a record cannot be read', () => {
    const good = '11.0.0.1';
    expect(only({}).judge(good, underlay())).toMatchObject({
      is: 'unknown',
      reason: expect.stringContaining('no node has told'),
    });
    expect(only({ underlaySubnets: ['12.0.0.0/8'] }).judge(good, underlay())).toEqual({ is: 'allowed' });
    expect(only({ underlaySubnets: ['12.0.0.0/8'] }).judge('12.3.4.5', underlay()).is).toBe('refused');
    const spoilt = { ...away, unreadable: 'node-1' };
    expect(only({}).judge(good, spoilt).is).toBe('unknown');
    expect(only({}).judge('127.0.0.1', underlay()).is).toBe('refused');
  });

  it('are not made fewer by what is no address of a node', () => {
    expect(only({}).judge('11.0.0.1', underlay('garbage', 'fe80::1%eth0', '192.168.77.1'))).toEqual({ is: 'allowed' });
  });
});
