import { isIP } from 'node:net';

/** Whether text is an IPv4 or IPv6 address without a zone (`fe80::1%eth0` has one, and means nothing on another machine). */
export function isIpAddress(text: string): boolean {
  return text.length <= 45 && !text.includes('%') && isIP(text) !== 0;
}

/** What no node can have as the address of its tunnels. By numbers: it is asked of each address of each record, a million at a start. */
function unusableKind(text: string): string | null {
  return isIP(text) === 6 ? unusableOf6(spelling(text)) : unusableOf4(Number.parseInt(text, 10));
}

function unusableOf4(first: number): string | null {
  if (first === 0) return 'the unspecified address';
  if (first === 127) return 'a loopback address';
  if (first >= 240) return 'a broadcast or reserved address';
  return first >= 224 ? 'a multicast address' : null;
}

/** @param address in RFC 5952's spelling */
function unusableOf6(address: string): string | null {
  if (address === '::') return 'the unspecified address';
  if (address === '::1') return 'a loopback address';
  const first = address.startsWith(':') ? 0 : Number.parseInt(address, 16);
  if (first >>> 6 === 0xfe80 >>> 6) return 'a link-local address';
  return first >>> 8 === 0xff ? 'a multicast address' : null;
}

/**
 * What is wrong with an address that a node says its tunnels end at, or null. VPP sends to it: of the wrong kind, copies would
 * reach everybody or nobody. IPv4 within IPv6 is another spelling of an address that may be somebody's, and no tunnel's.
 */
export function tunnelAddressProblem(text: string): string | null {
  if (text.includes('%')) return 'has a zone, which means nothing on another machine: give an address without one';
  if (!isIpAddress(text)) return 'is not an IP address';
  if (isIP(text) === 6 && isMapped(text)) return 'is an IPv4 address written as one of IPv6: write it as IPv4';
  const kind = unusableKind(text);
  return kind === null ? null : `is ${kind}, which no tunnel can end at`;
}

/** `::ffff:a.b.c.d` and `::a.b.c.d`, which node's own check takes for IPv4. */
function isMapped(text: string): boolean {
  return /^::(ffff:)?[0-9a-f]{1,4}:[0-9a-f]{1,4}$/.test(spelling(text));
}

/** Whether two addresses are one, in whatever spelling. */
export function isSameAddress(a: string, b: string): boolean {
  return a === b || (a.includes(':') && b.includes(':') && spelling(a) === spelling(b));
}

/** The one spelling of an address, to compare by. @throws TypeError for text that is none */
export const addressSpelling = (address: string): string => (address.includes(':') ? spelling(address) : address);

/** An IPv6 address as RFC 5952 spells it. */
const spelling = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);

/** Whether text is a prefix such as `192.0.2.0/24`, or one address. */
export function isIpPrefix(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/', 3);
  if (more.length > 0 || !isIpAddress(address)) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (isIP(address) === 6 ? 128 : 32));
}
