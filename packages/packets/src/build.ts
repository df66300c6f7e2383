import { ipBytes, macBytes } from './address.js';
import { internetChecksum, onesComplementSum } from './checksum.js';

/** One 802.1Q or 802.1ad tag, the outermost first in a list. */
export interface VlanTag {
  readonly vlan: number;
  /** 0x8100 (802.1Q, the default) or 0x88a8 (802.1ad). */
  readonly tpid?: number;
  readonly priority?: number;
}

/** What every built frame has. */
export interface EthernetHeader {
  readonly dst: string;
  readonly src: string;
  readonly tags?: readonly VlanTag[];
}

/** An IPv4 or IPv6 packet in a frame; the version follows from the addresses. */
export interface IpPacket extends EthernetHeader {
  readonly srcIp: string;
  readonly dstIp: string;
  readonly payload?: Uint8Array;
  readonly ttl?: number;
}

export interface PortPair {
  readonly srcPort: number;
  readonly dstPort: number;
}

export const ETHERTYPE = { ip4: 0x0800, arp: 0x0806, vlan: 0x8100, ip6: 0x86dd, qinq: 0x88a8 } as const;
export const IP_PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

/** The least frame that Ethernet carries, without its check sequence. */
export const MIN_FRAME = 60;

/**
 * An Ethernet frame: header, tags and `body`, padded with zeros to `MIN_FRAME`.
 * @throws AddressError for a MAC address that is not one; RangeError for a VLAN id beyond 4095.
 */
export function ethernet(header: EthernetHeader, ethertype: number, body: Uint8Array): Uint8Array {
  const tags = header.tags ?? [];
  const start = 14 + 4 * tags.length;
  const frame = new Uint8Array(Math.max(MIN_FRAME, start + body.length));
  const view = new DataView(frame.buffer);
  frame.set(macBytes(header.dst), 0);
  frame.set(macBytes(header.src), 6);
  tags.forEach((tag, index) => {
    if (tag.vlan < 0 || tag.vlan > 4095) throw new RangeError(`VLAN id ${tag.vlan} is not in 0-4095`);
    view.setUint16(12 + 4 * index, tag.tpid ?? ETHERTYPE.vlan);
    view.setUint16(14 + 4 * index, ((tag.priority ?? 0) << 13) | tag.vlan);
  });
  view.setUint16(start - 2, ethertype);
  frame.set(body, start);
  return frame;
}

/** An ARP request (`op` 1) or reply (`op` 2) for IPv4 over Ethernet (RFC 826). */
export function arp(
  spec: EthernetHeader & { op: 1 | 2; senderIp: string; targetIp: string; targetMac?: string; payload?: Uint8Array },
): Uint8Array {
  const extra = spec.payload ?? new Uint8Array(0);
  const body = new Uint8Array(28 + extra.length);
  const view = new DataView(body.buffer);
  view.setUint16(0, 1);
  view.setUint16(2, ETHERTYPE.ip4);
  body.set([6, 4], 4);
  view.setUint16(6, spec.op);
  body.set(macBytes(spec.src), 8);
  body.set(ipBytes(spec.senderIp), 14);
  body.set(macBytes(spec.targetMac ?? '00:00:00:00:00:00'), 18);
  body.set(ipBytes(spec.targetIp), 24);
  body.set(extra, 28);
  return ethernet(spec, ETHERTYPE.arp, body);
}

/** A UDP datagram over IPv4 or IPv6. */
export function udp(spec: IpPacket & PortPair): Uint8Array {
  return ipFrame(spec, IP_PROTOCOL.udp, udpSegment(spec.srcPort, spec.dstPort, spec.payload ?? new Uint8Array(0)), 6);
}

/** The eight bytes of a UDP header, with checksum 0, and `payload` behind it. */
export function udpSegment(srcPort: number, dstPort: number, payload: Uint8Array): Uint8Array {
  const segment = new Uint8Array(8 + payload.length);
  const view = new DataView(segment.buffer);
  view.setUint16(0, srcPort);
  view.setUint16(2, dstPort);
  view.setUint16(4, segment.length);
  segment.set(payload, 8);
  return segment;
}

/** A TCP segment over IPv4 or IPv6; `flags` are the low bits of byte 13 (SYN 2, ACK 16). */
export function tcp(spec: IpPacket & PortPair & { flags?: number; sequence?: number }): Uint8Array {
  const payload = spec.payload ?? new Uint8Array(0);
  const segment = new Uint8Array(20 + payload.length);
  const view = new DataView(segment.buffer);
  view.setUint16(0, spec.srcPort);
  view.setUint16(2, spec.dstPort);
  view.setUint32(4, spec.sequence ?? 0);
  view.setUint8(12, 5 << 4);
  view.setUint8(13, spec.flags ?? 0x18);
  view.setUint16(14, 65535);
  segment.set(payload, 20);
  return ipFrame(spec, IP_PROTOCOL.tcp, segment, 16);
}

/** An ICMP or ICMPv6 echo request. */
export function icmpEcho(spec: IpPacket & { identifier?: number; sequence?: number }): Uint8Array {
  const v6 = spec.srcIp.includes(':');
  const payload = spec.payload ?? new Uint8Array(0);
  const segment = new Uint8Array(8 + payload.length);
  const view = new DataView(segment.buffer);
  view.setUint8(0, v6 ? 128 : 8);
  view.setUint16(4, spec.identifier ?? 1);
  view.setUint16(6, spec.sequence ?? 1);
  segment.set(payload, 8);
  return ipFrame(spec, v6 ? IP_PROTOCOL.icmp6 : IP_PROTOCOL.icmp, segment, 2);
}

/** Puts an IP header before `segment` and fills in both checksums; `checksumAt` is the transport's field. */
function ipFrame(spec: IpPacket, protocol: number, segment: Uint8Array, checksumAt: number): Uint8Array {
  const src = ipBytes(spec.srcIp);
  const dst = ipBytes(spec.dstIp);
  if (src.length !== dst.length) throw new RangeError(`${spec.srcIp} and ${spec.dstIp} are not of one IP version`);
  const pseudo = onesComplementSum(src) + onesComplementSum(dst) + protocol + segment.length;
  const sum = internetChecksum(segment, protocol === IP_PROTOCOL.icmp ? 0 : pseudo);
  const view = new DataView(segment.buffer);
  // RFC 768: a computed zero is sent as all ones, since zero says "no checksum".
  view.setUint16(checksumAt, sum === 0 && protocol === IP_PROTOCOL.udp ? 0xffff : sum);
  return src.length === 4
    ? ethernet(spec, ETHERTYPE.ip4, ip4Packet(src, dst, protocol, spec.ttl ?? 64, segment))
    : ethernet(spec, ETHERTYPE.ip6, ip6Packet(src, dst, protocol, spec.ttl ?? 64, segment));
}

/** An IPv4 packet without options (RFC 791). */
export function ip4Packet(
  src: Uint8Array,
  dst: Uint8Array,
  protocol: number,
  ttl: number,
  segment: Uint8Array,
): Uint8Array {
  const packet = new Uint8Array(20 + segment.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x45);
  view.setUint16(2, packet.length);
  view.setUint8(8, ttl);
  view.setUint8(9, protocol);
  packet.set(src, 12);
  packet.set(dst, 16);
  view.setUint16(10, internetChecksum(packet.subarray(0, 20)));
  packet.set(segment, 20);
  return packet;
}

/** An IPv6 packet without extension headers (RFC 8200). */
export function ip6Packet(
  src: Uint8Array,
  dst: Uint8Array,
  protocol: number,
  ttl: number,
  segment: Uint8Array,
): Uint8Array {
  const packet = new Uint8Array(40 + segment.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, 0x60);
  view.setUint16(4, segment.length);
  view.setUint8(6, protocol);
  view.setUint8(7, ttl);
  packet.set(src, 8);
  packet.set(dst, 24);
  packet.set(segment, 40);
  return packet;
}
