import { BlockList, isIP } from 'node:net';

/** Whether text is an IPv4 or IPv6 address without a zone (`fe80::1%eth0` has one, and means nothing on another machine). */
export function isIpAddress(text: string): boolean {
  return text.length <= 45 && !text.includes('%') && isIP(text) !== 0;
}

type Family = 'ipv4' | 'ipv6';

/** A subnet, made ready once: a check of each record's addresses must not make it anew. */
function subnet(address: string, prefix: number, family: Family): (text: string, of: Family) => boolean {
  const list = new BlockList();
  list.addSubnet(address, prefix, family);
  return (text, of) => of === family && list.check(text, of);
}

/** What no node can have as the address of its tunnels, by kind. */
const unusable: readonly (readonly [kind: string, has: ReturnType<typeof subnet>])[] = [
  ['the unspecified address', subnet('0.0.0.0', 8, 'ipv4')],
  ['a loopback address', subnet('127.0.0.0', 8, 'ipv4')],
  ['a multicast address', subnet('224.0.0.0', 4, 'ipv4')],
  ['a broadcast or reserved address', subnet('240.0.0.0', 4, 'ipv4')],
  ['the unspecified address', subnet('::', 128, 'ipv6')],
  ['a loopback address', subnet('::1', 128, 'ipv6')],
  ['a link-local address', subnet('fe80::', 10, 'ipv6')],
  ['a multicast address', subnet('ff00::', 8, 'ipv6')],
];

/**
 * What is wrong with an address that a node says its tunnels end at, or null. VPP sends to it: of the wrong kind, copies would
 * reach everybody or nobody. IPv4 within IPv6 is another spelling of an address that may be somebody's, and no tunnel's.
 */
export function tunnelAddressProblem(text: string): string | null {
  if (text.includes('%')) return 'has a zone, which means nothing on another machine: give an address without one';
  if (!isIpAddress(text)) return 'is not an IP address';
  const family = isIP(text) === 6 ? 'ipv6' : 'ipv4';
  if (family === 'ipv6' && isMapped(text)) return 'is an IPv4 address written as one of IPv6: write it as IPv4';
  const kind = unusable.find(([, has]) => has(text, family));
  return kind ? `is ${kind[0]}, which no tunnel can end at` : null;
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
