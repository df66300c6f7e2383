import { internetChecksum, ipText, onesComplementSum, type ParsedIp, parseFrame } from '@taas/packets';

const VXLAN_PORT = 4789;

/**
 * A VXLAN or GRE packet, or an ARP question, in words. The MAC addresses of the wire and VXLAN's source port, which VPP and
 * the simulator both hash in a way of their own, are left out; undefined for anything else.
 */
export function tunnelText(bytes: Uint8Array, innerText: (inner: Uint8Array) => string): string | undefined {
  const parsed = parseFrame(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (parsed?.ethertype === 0x0806) {
    const address = (at: number) => ipText(bytes.subarray(parsed.payloadOffset + at, parsed.payloadOffset + at + 4));
    return `ARP ${view.getUint16(parsed.payloadOffset + 6)} ${address(14)} asks ${address(24)}`;
  }
  const ip = parsed?.ip;
  if (parsed === undefined || ip === undefined || ip.transportOffset === 0) return undefined;
  const at = ip.transportOffset;
  const outer = `${ipText(ip.src)} to ${ipText(ip.dst)} ${outerHeader(bytes, parsed.payloadOffset, ip)}`;
  if (ip.protocol === 17 && ip.dstPort === VXLAN_PORT) {
    const header = Buffer.from(bytes.subarray(at + 8, at + 16)).toString('hex');
    return `VXLAN ${outer} checksum ${udpChecksum(bytes, ip)} ${header} {${innerText(bytes.subarray(at + 16))}}`;
  }
  if (ip.protocol !== 47) return undefined;
  // ERSPAN is GRE with a sequence number, then eight bytes of its own.
  const head = view.getUint16(at + 2) === 0x88be ? 16 : 4;
  const header = Buffer.from(bytes.subarray(at, at + head)).toString('hex');
  return `GRE ${outer} ${header} {${innerText(bytes.subarray(at + head))}}`;
}

/** Whether the UDP checksum is right; its value follows from the source port. */
function udpChecksum(bytes: Uint8Array, ip: ParsedIp): 'none' | 'right' | 'wrong' {
  const at = ip.transportOffset;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(at + 6) === 0) return 'none';
  const segment = bytes.slice(at, at + view.getUint16(at + 4));
  const pseudo = onesComplementSum(ip.src) + onesComplementSum(ip.dst) + ip.protocol + segment.length;
  return internetChecksum(segment, pseudo) === 0 ? 'right' : 'wrong';
}

/** What of the IP header could differ: of IPv4 all but addresses and checksum, of IPv6 traffic class and hop limit. */
function outerHeader(bytes: Uint8Array, at: number, ip: ParsedIp): string {
  const header = Buffer.from(bytes.subarray(at, at + (ip.version === 4 ? 10 : 8))).toString('hex');
  return `header ${header}`;
}
