import { describe, expect, it } from 'vitest';
import type { Tap } from '../api/kinds.js';
import { filterVerdict, vlanVerdict } from './filter-verdict.js';
import { isWithin } from './ip-prefix.js';
import { readPacket } from './packet.js';
import { type PortFacts, packetDirection, pathOf } from './path.js';

describe('a packet', () => {
  it.each([
    ['ip 10.0.0.1 > 10.0.0.2 tcp 443', { protocol: 6, sourcePort: undefined, destinationPort: 443 }],
    ['ip 10.0.0.1 > 10.0.0.2 udp 5353 > 53', { protocol: 17, sourcePort: 5353, destinationPort: 53 }],
    ['IP fd00::1 > fd00::2 58', { version: 6, protocol: 58, destinationPort: undefined }],
    ['ip 10.0.0.1 > 10.0.0.2 tcp fragment', { protocol: 6, isLaterFragment: true }],
    ['ip 10.0.0.1 > 10.0.0.2', { protocol: undefined }],
  ])('%s', (text, ip) => {
    expect(readPacket(text).ip).toMatchObject(ip);
  });

  it('has tags, and need not be IP', () => {
    expect(readPacket('qinq 7 vlan 5 arp')).toEqual({
      tags: [
        { vlan: 7, tpid: 0x88a8 },
        { vlan: 5, tpid: 0x8100 },
      ],
      ethertype: 0x806,
      ip: null,
    });
    expect(readPacket('ether 0x88cc').ethertype).toBe(0x88cc);
  });

  it.each([
    ...[
      '',
      'tcp 443',
      'ip 10.0.0.1 10.0.0.2',
      'ip 10.0.0.1 > fd00::1',
      'ip 10.0.0.1 > 10.0.0.2 tcp 65536',
      'ip 10.0.0.1 > 10.0.0.256',
    ],
    ...[
      'ip 10.0.0.1 > 10.0.0.2 tcp 1 >',
      'ip 10.0.0.1 > 10.0.0.2 tcp 1 > 2 3',
      'vlan 4096 arp',
      'arp now',
      'ip fe80::1%eth0 > fd00::1',
    ],
  ])('"%s" is refused', (text) => {
    expect(() => readPacket(text)).toThrow(/--packet/);
  });
});

it.each([
  ['10.0.0.1', '10.0.0.0/24', true],
  ['10.0.1.1', '10.0.0.0/24', false],
  ['10.0.0.1', '0.0.0.0/0', true],
  ['10.0.0.1', '10.0.0.1', true],
  ['fd00::1', '10.0.0.0/8', false],
  ['::ffff:10.0.0.1', '::ffff:a00:1/128', true],
  ['2001:db8::1', '2001:db8:8000::/33', false],
  ['10.0.0.1', '10.0.0.0/33', null],
  ['10.0.0.1', 'here', null],
])('%s is within %s: %s', (address, prefix, is) => {
  expect(isWithin(address, prefix)).toBe(is);
});

describe('a filter', () => {
  const web = { action: 'accept', ethertype: null, protocol: 'tcp', destination_port: '443' };
  it('says which rule decides', () => {
    const rules = [{ action: 'reject', source_ip_prefix: '10.0.0.9/32' }, web];
    const verdict = (text: string) => filterVerdict(rules, readPacket(text));
    expect(verdict('ip 10.0.0.1 > 10.0.0.2 tcp 443')).toEqual({
      ...{ is: 'copied', rule: 1 },
      because: 'rule 1 matches: accept, protocol=tcp, destination_port=443',
    });
    expect(verdict('ip 10.0.0.9 > 10.0.0.2 tcp 443')).toMatchObject({ is: 'not copied', rule: 0 });
    expect(verdict('ip 10.0.0.1 > 10.0.0.2 tcp 80')).toMatchObject({ is: 'not copied', rule: null });
  });

  it('does not guess what was not said', () => {
    const verdict = filterVerdict([web], readPacket('ip 10.0.0.1 > 10.0.0.2 tcp'));
    expect(verdict).toMatchObject({ is: 'undecided', because: "rule 0 depends on the packet's destination port" });
    expect(filterVerdict([web], readPacket('ip 10.0.0.1 > 10.0.0.2')).is).toBe('undecided');
    // Whatever the port is.
    expect(filterVerdict([web], readPacket('ip 10.0.0.1 > 10.0.0.2 udp')).is).toBe('not copied');
    expect(filterVerdict([web], readPacket('ip 10.0.0.1 > 10.0.0.2 tcp fragment')).is).toBe('copied');
    for (const odd of [
      null,
      { action: 'maybe' },
      { action: 'accept', protocol: 'tcq' },
      { action: 'accept', source_port: 'x' },
    ])
      expect(filterVerdict([odd], readPacket('ip 10.0.0.1 > 10.0.0.2 tcp 443')).is).toBe('undecided');
  });

  it('of VLANs looks at the outermost tag', () => {
    expect(vlanVerdict('5,10-12', readPacket('vlan 11 vlan 5 arp')).is).toBe('copied');
    expect(vlanVerdict('5', readPacket('vlan 11 vlan 5 arp')).is).toBe('not copied');
    expect(vlanVerdict('5', readPacket('arp')).is).toBe('not copied');
    expect(vlanVerdict('five', readPacket('vlan 5 arp')).is).toBe('undecided');
  });
});

describe('a path', () => {
  const port = (id: string, more: Partial<PortFacts> = {}): PortFacts => ({
    id,
    name: null,
    host: null,
    addresses: [],
    ...more,
  });
  const tap = (kind: Tap['kind'], attributes: object): Tap => ({
    kind,
    id: kind,
    attributes: { status: 'ACTIVE', status_code: 'ok', ...attributes },
  });
  const flow = tap('flow', {
    direction: 'IN',
    tap_service_id: 'service',
    filter_rules: [{ action: 'accept', protocol: 'udp' }],
  });
  const facts = {
    ...{ tap: flow, service: tap('service', {}), source: port('s', { host: 'n1', addresses: ['10.0.0.2'] }) },
    collector: port('c', { name: 'ids', host: 'n2' }),
  };
  const outcomes = (given: Parameters<typeof pathOf>[0], packet: string | null) =>
    pathOf(given, packet === null ? null : readPacket(packet)).map(({ at, outcome }) => `${at}: ${outcome}`);

  it('leads from the source port to the collector', () => {
    expect(outcomes(facts, 'ip 10.0.0.1 > 10.0.0.2 udp 53')).toEqual([
      ...['source port: passes', 'direction: passes', 'VLAN filter: passes', 'filter: passes', 'tap: passes'],
      ...['tap service: passes', 'link: passes', 'collector: passes'],
    ]);
  });

  it('ends where the packet does', () => {
    expect(outcomes(facts, 'ip 10.0.0.1 > 10.0.0.2 tcp 53').at(-1)).toBe('filter: stops');
    expect(outcomes(facts, 'ip 10.0.0.2 > 10.0.0.1 udp 53').at(-1)).toBe('direction: stops');
    const broken = {
      ...facts,
      tap: tap('flow', { ...flow.attributes, status: 'ERROR', status_code: 'filter_invalid' }),
    };
    expect(outcomes(broken, 'ip 10.0.0.1 > 10.0.0.2 udp 53').at(-1)).toBe('tap: stops');
  });

  it('depends on what the records do not say', () => {
    const silent = {
      ...facts,
      tap: tap('flow', { ...flow.attributes, status: 'DOWN', status_code: 'agent_not_running' }),
    };
    expect(outcomes(silent, 'ip 10.0.0.1 > 10.0.0.2 udp 53')).toContain('tap: depends');
    expect(outcomes(facts, null)).toContain('filter: depends');
    expect(packetDirection(port('s'), readPacket('ip 10.0.0.1 > 10.0.0.2'))).toBeNull();
  });

  it('of a mirror ends in its tunnel', () => {
    const mirror = tap('mirror', { directions: { OUT: 5 }, mirror_type: 'gre', remote_ip: '192.0.2.1' });
    const hops = pathOf(
      { tap: mirror, service: null, collector: null, source: facts.source },
      readPacket('ip 10.0.0.2 > 10.0.0.1'),
    );
    expect(hops.at(-1)).toEqual({ at: 'tunnel', outcome: 'passes', says: 'gre to 192.0.2.1, ids {"OUT":5}' });
  });
});
