import { type FilterRule, mostFilterRules } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalPrefix } from '../http/ip-prefix.js';
import { filterRules, shownRule } from './filter-rules.js';

const problem = (...rules: unknown[]) => filterRules.check(rules);
const stored = (rule: unknown) => ((filterRules.convert?.([rule]) ?? []) as FilterRule[])[0];

describe('the rules of a filter', () => {
  it.each<[string, object, FilterRule]>([
    ['nothing but an action', { action: 'accept' }, { action: 'accept' }],
    [
      'names in any case, null for nothing',
      { action: 'reject', ethertype: 'ipv6', protocol: 'ICMPv6', source_port: null },
      { action: 'reject', ethertype: 0x86dd, protocol: 58 },
    ],
    [
      'ports as a range, a text, a number',
      { action: 'accept', protocol: 17, source_port: '1000:2000', destination_port: 53 },
      { action: 'accept', protocol: 17, source_ports: [1000, 2000], destination_ports: [53, 53] },
    ],
    [
      'prefixes in one spelling',
      { action: 'accept', source_ip_prefix: 'FD00:0::1/16', destination_ip_prefix: '::ffff:1.2.3.4' },
      { action: 'accept', source: 'fd00::/16', destination: '::ffff:102:304/128' },
    ],
    ['an ethertype by number', { action: 'accept', ethertype: '0x88CC' }, { action: 'accept', ethertype: 0x88cc }],
  ])('stores %s', (_, given, expected) => {
    expect(problem(given)).toBeNull();
    expect(stored(given)).toEqual(expected);
    expect(stored(shownRule(expected))).toEqual(expected);
  });

  it.each<[unknown, RegExp]>([
    ['x', /^rule 0: 'x' is not a dictionary$/],
    [{ action: 'drop' }, /^rule 0: action 'drop' is not one of accept, reject$/],
    [{}, /^rule 0: action None is not/],
    [{ action: 'accept', port: 1 }, /Unexpected keys supplied: port/],
    [{ action: 'accept', ethertype: '0x8100' }, /that of a VLAN tag/],
    [{ action: 'accept', ethertype: 100 }, /^rule 0: ethertype 100 is not IPv4/],
    [{ action: 'accept', protocol: 0 }, /protocol 0 is not a number from 1 to 255/],
    [{ action: 'accept', protocol: 44 }, /IPv6 extension header/],
    [{ action: 'accept', protocol: 'sctp', source_port: 1 }, /ports need protocol tcp or udp/],
    [{ action: 'accept', protocol: 'tcp', source_port: '2:1' }, /source_port '2:1' is not a port or a range/],
    [{ action: 'accept', protocol: 'tcp', source_port: 65536 }, /is not a port/],
    [{ action: 'accept', source_ip_prefix: '10.0.0.0/33' }, /is not an IP address or prefix/],
    [{ action: 'accept', source_ip_prefix: 'fe80::1%eth0' }, /is not an IP address or prefix/],
    [{ action: 'accept', ethertype: 'ARP', protocol: 'tcp' }, /^rule 0: ethertype ARP has no protocol$/],
    [{ action: 'accept', ethertype: 'IPv4', source_ip_prefix: '::/0' }, /not of one IP version/],
    [{ action: 'accept', source_ip_prefix: '10.0.0.0/8', destination_ip_prefix: '::/0' }, /not of one IP version/],
  ])('refuses %j', (given, reason) => {
    expect(problem(given)).toMatch(reason);
  });

  it('names the first wrong rule, and has a limit', () => {
    expect(problem({ action: 'accept' }, { action: 'x' })).toMatch(/^rule 1: /);
    expect(filterRules.check('x')).toBe("'x' is not a list");
    expect(problem(...Array(mostFilterRules).fill({ action: 'accept' }))).toBeNull();
    expect(problem(...Array(mostFilterRules + 1).fill({ action: 'accept' }))).toMatch(/at most 64 filter rules, 65/);
  });
});

it('a prefix keeps the bits of its length and no other', () => {
  const bits = (prefix: string): string =>
    (prefix.split('/')[0] ?? '')
      .split('.')
      .map((byte) => Number(byte).toString(2).padStart(8, '0'))
      .join('');
  fc.assert(
    fc.property(fc.ipV4(), fc.nat(32), (address, length) => {
      const masked = canonicalPrefix(`${address}/${length}`) ?? '';
      expect(bits(masked)).toBe(bits(address).slice(0, length).padEnd(32, '0'));
    }),
  );
  fc.assert(
    fc.property(fc.ipV6(), fc.nat(128), (address, length) => {
      const masked = canonicalPrefix(`${address}/${length}`);
      expect(canonicalPrefix(masked ?? '')).toBe(masked);
      expect(canonicalPrefix(`${address}/128`)?.split('/')[0]).toBe(
        new URL(`http://[${address}]/`).hostname.slice(1, -1),
      );
    }),
  );
});
