import { ETHERTYPE, ethernet, IP_PROTOCOL, ip4Packet, ip6Packet, udpSegment } from './build.js';
import { internetChecksum, onesComplementSum } from './checksum.js';
import { parseFrame } from './parse.js';

/** The UDP port that IANA gave to VXLAN (RFC 7348). */
export const VXLAN_PORT = 4789;

/** VPP begins with one more, which the routing of the outer packet takes. */
const IP4_TTL = 253;
const IP6_HOP_LIMIT = 254;

/** The outer addresses of a VXLAN packet; IP addresses as 4 or 16 bytes. */
export interface VxlanOuter {
  readonly srcMac: string;
  readonly dstMac: string;
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly vni: number;
}

/** `inner` wrapped in Ethernet, IP, UDP and VXLAN headers; the UDP checksum is 0 over IPv4 and real over IPv6. */
export function vxlanEncap(outer: VxlanOuter, inner: Uint8Array): Uint8Array {
  const segment = udpSegment(outer.srcPort, outer.dstPort, vxlanDatagram(outer.vni, inner));
  const header = { dst: outer.dstMac, src: outer.srcMac };
  if (outer.src.length === 4)
    return ethernet(header, ETHERTYPE.ip4, ip4Packet(outer.src, outer.dst, IP_PROTOCOL.udp, IP4_TTL, segment));
  const pseudo = onesComplementSum(outer.src) + onesComplementSum(outer.dst) + IP_PROTOCOL.udp + segment.length;
  new DataView(segment.buffer).setUint16(6, internetChecksum(segment, pseudo) || 0xffff);
  return ethernet(header, ETHERTYPE.ip6, ip6Packet(outer.src, outer.dst, IP_PROTOCOL.udp, IP6_HOP_LIMIT, segment));
}

/** A frame behind a VXLAN header: what stands in a UDP datagram. */
export function vxlanDatagram(vni: number, frame: Uint8Array): Uint8Array {
  const body = new Uint8Array(8 + frame.length);
  const view = new DataView(body.buffer);
  view.setUint8(0, 0x08);
  view.setUint32(4, vni * 256);
  body.set(frame, 8);
  return body;
}

/**
 * A UDP payload that is VXLAN; null if it is too short for a frame, or its VNI flag is not set.
 * @returns the frame as a part of the same memory
 */
export function vxlanPayload(payload: Uint8Array): { readonly vni: number; readonly frame: Uint8Array } | null {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload.length < 8 + 14 || (view.getUint8(0) & 0x08) === 0) return null;
  return { vni: view.getUint32(4) >>> 8, frame: payload.subarray(8) };
}

/** What stands in a VXLAN packet. */
export interface VxlanPacket {
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly vni: number;
  readonly inner: Uint8Array;
}

/** Unwraps a frame that is UDP with a VXLAN header behind it; undefined if it is not, or if its VNI flag is not set. */
export function vxlanDecap(frame: Uint8Array): VxlanPacket | undefined {
  const ip = parseFrame(frame)?.ip;
  if (ip === undefined || ip.protocol !== IP_PROTOCOL.udp || ip.transportOffset === 0) return undefined;
  const { srcPort, dstPort, transportOffset: udpAt } = ip;
  if (srcPort === undefined || dstPort === undefined) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const end = udpAt + view.getUint16(udpAt + 4);
  if (end > frame.length || end < udpAt + 16 || (view.getUint8(udpAt + 8) & 0x08) === 0) return undefined;
  const vni = view.getUint32(udpAt + 12) >>> 8;
  return { src: ip.src, dst: ip.dst, srcPort, dstPort, vni, inner: frame.slice(udpAt + 16, end) };
}
