/** A frame as VPP's ACL plugin sees it on the L2 path (src/plugins/acl/public_inlines.h). */
export interface AclPacket {
  /** Behind the tags. */
  readonly etherType: number;
  /** Undefined for all but IPv4 and IPv6. */
  readonly ip?: AclIp;
}

export interface AclIp {
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  readonly protocol: number;
  readonly laterFragment: boolean;
  /** Undefined if fewer than eight bytes follow. Ports of TCP and UDP; ICMP's type and code; 0 for any other protocol. */
  readonly transport?: { readonly srcPort: number; readonly dstPort: number; readonly tcpFlags?: number };
}

const TAGS = new Set([0x8100, 0x88a8, 0x9100, 0x9200]);
const EXTENSION_HEADERS = new Set([0, 43, 44, 60, 135, 139, 140, 253, 254]);
const FRAGMENT = 44;
/** What must follow an offset for VPP to look there. */
const LEAST = 8;

/** How many bytes of a frame VPP takes for its L2 header: two tags at most, the second only if it is 802.1Q. */
export function l2Length(frame: Uint8Array): number {
  if (!TAGS.has(word(frame, 12))) return 14;
  return word(frame, 16) === 0x8100 ? 22 : 18;
}

export function aclPacket(frame: Uint8Array): AclPacket {
  const at = l2Length(frame);
  const etherType = word(frame, at - 2);
  if (etherType === 0x0800) return { etherType, ip: ip4(frame, at) };
  if (etherType === 0x86dd) return { etherType, ip: ip6(frame, at) };
  return { etherType };
}

function ip4(frame: Uint8Array, at: number): AclIp {
  const protocol = frame[at + 9] ?? 0;
  const laterFragment = (word(frame, at + 6) & 0x1fff) !== 0;
  const base = { src: bytes(frame, at + 12, 4), dst: bytes(frame, at + 16, 4), protocol, laterFragment };
  const transportAt = at + 4 * ((frame[at] ?? 0) & 0xf);
  return laterFragment ? base : withTransport(base, frame, transportAt, 1);
}

function ip6(frame: Uint8Array, at: number): AclIp {
  let protocol = frame[at + 6] ?? 0;
  let next = at + 40;
  let laterFragment = false;
  while (!laterFragment && EXTENSION_HEADERS.has(protocol) && next + LEAST <= frame.length) {
    const header = protocol;
    protocol = frame[next] ?? 0;
    if (header !== FRAGMENT) next += 8 * (1 + (frame[next + 1] ?? 0));
    else if (word(frame, next + 2) >> 3 !== 0) laterFragment = true;
    else next += 8;
  }
  const base = { src: bytes(frame, at + 8, 16), dst: bytes(frame, at + 24, 16), protocol, laterFragment };
  return laterFragment ? base : withTransport(base, frame, next, 58);
}

function withTransport(base: Omit<AclIp, 'transport'>, frame: Uint8Array, at: number, icmp: number): AclIp {
  if (at + LEAST > frame.length) return base;
  if (base.protocol === icmp) return { ...base, transport: { srcPort: frame[at] ?? 0, dstPort: frame[at + 1] ?? 0 } };
  if (base.protocol !== 6 && base.protocol !== 17) return { ...base, transport: { srcPort: 0, dstPort: 0 } };
  const ports = { srcPort: word(frame, at), dstPort: word(frame, at + 2) };
  return { ...base, transport: base.protocol === 6 ? { ...ports, tcpFlags: frame[at + 13] ?? 0 } : ports };
}

/** Beyond the end VPP reads what is in the buffer; here that is zeros. */
function word(frame: Uint8Array, at: number): number {
  return ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
}

function bytes(frame: Uint8Array, at: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, n) => frame[at + n] ?? 0);
}
