import { ETHERTYPE, IP_PROTOCOL } from './build.js';

/** A tag as found in a frame, the outermost first. */
export interface ParsedTag {
  readonly tpid: number;
  readonly vlan: number;
  readonly priority: number;
}

/** The IP part of a frame; ports are those of TCP and UDP, for ICMP the type and the code. */
export interface ParsedIp {
  readonly version: 4 | 6;
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  readonly protocol: number;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly tcpFlags?: number;
  /** Where the transport header starts in the frame; 0 for a later fragment, which has none. */
  readonly transportOffset: number;
  readonly fragment: boolean;
}

/** What a switch needs to know of a frame. Byte fields are views of the frame, not copies. */
export interface ParsedFrame {
  readonly dst: Uint8Array;
  readonly src: Uint8Array;
  readonly tags: readonly ParsedTag[];
  readonly ethertype: number;
  /** Where the payload behind the last tag starts. */
  readonly payloadOffset: number;
  readonly ip?: ParsedIp;
}

/** The ethertypes that VPP takes for a VLAN tag: 802.1Q, 802.1ad and the older 0x9100 (vnet/ethernet). */
export function isVlanEthertype(ethertype: number): boolean {
  return ethertype === ETHERTYPE.vlan || ethertype === ETHERTYPE.qinq || ethertype === 0x9100;
}

/** Looks into a frame as far as it goes. Returns undefined for one too short to have an Ethernet header. */
export function parseFrame(frame: Uint8Array): ParsedFrame | undefined {
  if (frame.length < 14) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const tags: ParsedTag[] = [];
  let offset = 12;
  let ethertype = view.getUint16(offset);
  while (isVlanEthertype(ethertype) && offset + 6 <= frame.length) {
    const control = view.getUint16(offset + 2);
    tags.push({ tpid: ethertype, vlan: control & 0xfff, priority: control >> 13 });
    offset += 4;
    ethertype = view.getUint16(offset);
  }
  const payloadOffset = offset + 2;
  const base = { dst: frame.subarray(0, 6), src: frame.subarray(6, 12), tags, ethertype, payloadOffset };
  const ip = parseIp(frame, view, ethertype, payloadOffset);
  return ip === undefined ? base : { ...base, ip };
}

function parseIp(frame: Uint8Array, view: DataView, ethertype: number, at: number): ParsedIp | undefined {
  if (ethertype === ETHERTYPE.ip4) return parseIp4(frame, view, at);
  if (ethertype === ETHERTYPE.ip6) return parseIp6(frame, view, at);
  return undefined;
}

function parseIp4(frame: Uint8Array, view: DataView, at: number): ParsedIp | undefined {
  if (frame.length < at + 20 || view.getUint8(at) >> 4 !== 4) return undefined;
  const transport = at + 4 * (view.getUint8(at) & 0xf);
  const protocol = view.getUint8(at + 9);
  const fragmentField = view.getUint16(at + 6) & 0x3fff;
  const later = (fragmentField & 0x1fff) !== 0;
  return {
    version: 4,
    src: frame.subarray(at + 12, at + 16),
    dst: frame.subarray(at + 16, at + 20),
    protocol,
    transportOffset: later ? 0 : transport,
    fragment: fragmentField !== 0,
    ...(later ? {} : parseTransport(view, protocol, transport)),
  };
}

/** IPv6 extension headers that carry their own length in units of eight bytes (RFC 8200, section 4). */
const SKIPPED_HEADERS = new Set([0, 43, 60]);

function parseIp6(frame: Uint8Array, view: DataView, at: number): ParsedIp | undefined {
  if (frame.length < at + 40 || view.getUint8(at) >> 4 !== 6) return undefined;
  let protocol = view.getUint8(at + 6);
  let transport = at + 40;
  while (SKIPPED_HEADERS.has(protocol) && transport + 2 <= frame.length) {
    protocol = view.getUint8(transport);
    transport += 8 * (view.getUint8(transport + 1) + 1);
  }
  const fragment = protocol === 44;
  return {
    version: 6,
    src: frame.subarray(at + 8, at + 24),
    dst: frame.subarray(at + 24, at + 40),
    protocol,
    transportOffset: fragment ? 0 : transport,
    fragment,
    ...(fragment ? {} : parseTransport(view, protocol, transport)),
  };
}

function parseTransport(view: DataView, protocol: number, at: number): Partial<ParsedIp> {
  const left = view.byteLength - at;
  if (protocol === IP_PROTOCOL.udp && left >= 8)
    return { srcPort: view.getUint16(at), dstPort: view.getUint16(at + 2) };
  if (protocol === IP_PROTOCOL.tcp && left >= 14)
    return { srcPort: view.getUint16(at), dstPort: view.getUint16(at + 2), tcpFlags: view.getUint8(at + 13) };
  if ((protocol === IP_PROTOCOL.icmp || protocol === IP_PROTOCOL.icmp6) && left >= 2)
    return { srcPort: view.getUint8(at), dstPort: view.getUint8(at + 1) };
  return {};
}
