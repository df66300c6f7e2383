import { ethernet, ip4Packet, ip6Packet, ipBytes, type VlanTag } from '@taas/packets';
import fc from 'fast-check';

/** A packet by its parts: built into a frame here, and judged by {@link isCopied}, which never looks at the frame. */
export interface Packet {
  readonly tags: readonly Required<Pick<VlanTag, 'vlan' | 'tpid'>>[];
  readonly body: Ip | { readonly ethertype: number };
}

interface Ip {
  readonly version: 4 | 6;
  readonly src: string;
  readonly dst: string;
  readonly protocol: number;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly fragment: 'whole' | 'first' | 'later';
  /** IPv6 extension headers before the protocol. */
  readonly extensions: readonly (0 | 43 | 60)[];
}

/** A rule as a client writes it. */
export interface Rule {
  readonly action: 'accept' | 'reject';
  readonly ethertype?: 'IPv4' | 'IPv6' | 'ARP' | '0x88cc';
  readonly protocol?: number;
  readonly source_ip_prefix?: string;
  readonly destination_ip_prefix?: string;
  readonly source_port?: string;
  readonly destination_port?: string;
}

const ethertypes = { IPv4: 0x800, IPv6: 0x86dd, ARP: 0x806, '0x88cc': 0x88cc };

/** What the documentation says of filters, and nothing of how VPP does it. */
export function isCopied(packet: Packet, rules: readonly Rule[], vlans: readonly (readonly [number, number])[] | null) {
  const [outermost] = packet.tags;
  const named = vlans?.some(([first, last]) => outermost && outermost.vlan >= first && outermost.vlan <= last);
  if (named === false) return false;
  if (rules.length === 0) return true;
  return rules.find((rule) => matches(rule, packet))?.action === 'accept';
}

function matches(rule: Rule, { tags, body }: Packet): boolean {
  // Two tags are looked through, the second if it is 802.1Q; what follows is the frame's ethertype, be it a tag's.
  const hidden = tags.slice(1, 2).find(({ tpid }) => tpid !== 0x8100) ?? tags[2];
  const ip = !hidden && 'version' in body ? body : null;
  const type = hidden?.tpid ?? ('version' in body ? (body.version === 4 ? 0x800 : 0x86dd) : body.ethertype);
  if (rule.ethertype !== undefined && ethertypes[rule.ethertype] !== type) return false;
  const { action: _, ethertype: __, ...parts } = rule;
  if (ip === null) return Object.keys(parts).length === 0;
  if (rule.protocol !== undefined && rule.protocol !== ip.protocol) return false;
  if (!within(ip.src, rule.source_ip_prefix) || !within(ip.dst, rule.destination_ip_prefix)) return false;
  if (ip.fragment === 'later') return true;
  return inRange(ip.srcPort, rule.source_port) && inRange(ip.dstPort, rule.destination_port);
}

function within(address: string, prefix: string | undefined): boolean {
  if (prefix === undefined) return true;
  const [network = '', length = ''] = prefix.split('/');
  const [a, b] = [bitsOf(address), bitsOf(network)];
  return a.length === b.length && a.slice(0, Number(length)) === b.slice(0, Number(length));
}

const bitsOf = (address: string) => [...ipBytes(address)].map((byte) => byte.toString(2).padStart(8, '0')).join('');

function inRange(port: number, range: string | undefined): boolean {
  if (range === undefined) return true;
  const [first = 0, last = first] = range.split(':').map(Number);
  return port >= first && port <= last;
}

const macs = { src: '02:aa:00:00:00:01', dst: 'ff:ff:ff:ff:ff:ff' };

/** @param serial makes the frame another than any with another serial */
export function frameOf({ tags, body }: Packet, serial: number): Uint8Array {
  const mark = new Uint8Array(48);
  new DataView(mark.buffer).setUint32(mark.length - 4, serial);
  if (!('version' in body)) return ethernet({ ...macs, tags }, body.ethertype, mark);
  new DataView(mark.buffer).setUint16(0, body.srcPort);
  new DataView(mark.buffer).setUint16(2, body.dstPort);
  const [src, dst] = [ipBytes(body.src), ipBytes(body.dst)];
  if (body.version === 4) {
    const packet = ip4Packet(src, dst, body.protocol, 64, mark);
    // More fragments follow the first; the later one begins 16 bytes on.
    new DataView(packet.buffer).setUint16(6, { whole: 0, first: 0x2000, later: 2 }[body.fragment]);
    return ethernet({ ...macs, tags }, 0x800, packet);
  }
  const headers: [number, readonly number[]][] = body.extensions.map((header) => [header, [0, 0, 0, 0, 0, 0, 0]]);
  if (body.fragment !== 'whole') headers.push([44, [0, 0, body.fragment === 'first' ? 1 : 2 << 3, 0, 0, 0, 0]]);
  const chain = headers.flatMap(([, rest], n) => [headers[n + 1]?.[0] ?? body.protocol, ...rest]);
  const packet = ip6Packet(src, dst, headers[0]?.[0] ?? body.protocol, 64, Uint8Array.from([...chain, ...mark]));
  return ethernet({ ...macs, tags }, 0x86dd, packet);
}

const ports = fc.constantFrom(0, 53, 80, 1000, 1001, 65535);
const four = fc.constantFrom('10.0.0.1', '10.0.1.1', '192.0.2.1', '192.0.2.200');
const six = fc.constantFrom('fd00::1', 'fd00:0:0:1::1', '2001:db8::1', '2001:db8:8000::1');
const tag = fc.record({
  vlan: fc.constantFrom(0, 5, 10, 11, 100, 4094),
  tpid: fc.constantFrom(0x8100, 0x8100, 0x88a8),
});

const ip = fc.constantFrom(4 as const, 6 as const).chain((version) =>
  fc.record<Ip>({
    version: fc.constant(version),
    src: version === 4 ? four : six,
    dst: version === 4 ? four : six,
    protocol: fc.constantFrom(6, 17, 17, 132, 47, version === 4 ? 1 : 58),
    srcPort: ports,
    dstPort: ports,
    fragment: fc.constantFrom('whole', 'whole', 'whole', 'first', 'later'),
    extensions: version === 4 ? fc.constant([]) : fc.constantFrom([], [], [0], [60, 43]),
  }),
);

export const anyPacket: fc.Arbitrary<Packet> = fc.record({
  tags: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.array(tag, { maxLength: 3 }) }),
  body: fc.oneof(
    { weight: 4, arbitrary: ip },
    { weight: 1, arbitrary: fc.constantFrom(0x806, 0x88cc, 0x9000).map((ethertype) => ({ ethertype })) },
  ),
});

const action = fc.constantFrom('accept' as const, 'accept' as const, 'reject' as const);
const range = fc.constantFrom('53', '80', '1000:1001', '0:1000', '65535', '0:65535');
const prefixes = {
  4: fc.constantFrom('10.0.0.0/8', '10.0.0.0/24', '192.0.2.128/25', '0.0.0.0/0', '10.0.0.1/32'),
  6: fc.constantFrom('fd00::/8', 'fd00::/64', '2001:db8::/33', '::/0', 'fd00::1/128'),
};

const ipRule = fc.constantFrom(4 as const, 6 as const).chain((version) =>
  fc
    .record(
      {
        action,
        ethertype: fc.constant(version === 4 ? ('IPv4' as const) : ('IPv6' as const)),
        protocol: fc.constantFrom(6, 17, 132, 47, 1, 58),
        source_ip_prefix: prefixes[version],
        destination_ip_prefix: prefixes[version],
      },
      { requiredKeys: ['action'] },
    )
    .chain((rule) =>
      rule.protocol === 6 || rule.protocol === 17
        ? fc
            .record({ source_port: range, destination_port: range }, { requiredKeys: [] })
            .map((both): Rule => ({ ...rule, ...both }))
        : fc.constant<Rule>(rule),
    ),
);

export const anyRule: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 5, arbitrary: ipRule },
  { weight: 2, arbitrary: fc.record({ action, ethertype: fc.constantFrom('ARP' as const, '0x88cc' as const) }) },
  { weight: 1, arbitrary: fc.record({ action }) },
);
