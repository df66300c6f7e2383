import { isIP } from 'node:net';

/** Longer than any spelling of a prefix: 39 characters of groups, or 45 that end in IPv4, and the length. */
const longestPrefix = 64;

/**
 * An address or prefix as `address/length`, in the one spelling of its version (RFC 5952 for IPv6), bits beyond the length
 * cleared. Null for text that is none.
 */
export function canonicalPrefix(text: string): string | null {
  if (text.length > longestPrefix) return null;
  const [address = '', bits, ...more] = text.split('/');
  const version = address.includes('%') ? 0 : isIP(address);
  if (version === 0 || more.length > 0 || (bits !== undefined && !/^[0-9]{1,3}$/.test(bits))) return null;
  const groups = version === 4 ? address.split('.').map(Number) : ip6Groups(address);
  const size = version === 4 ? 8 : 16;
  const length = bits === undefined ? size * groups.length : Number(bits);
  if (length > size * groups.length) return null;
  const masked = groups.map((group, n) => {
    const kept = Math.min(size, Math.max(0, length - size * n));
    return group & ((0xffff << (size - kept)) & 0xffff);
  });
  return `${version === 4 ? masked.join('.') : canonical(masked.map((group) => group.toString(16)).join(':'))}/${length}`;
}

/** The eight numbers of 16 bits of an IPv6 address. @param address may end in four decimal numbers */
export function ip6Groups(address: string): number[] {
  const [head = '', tail] = canonical(address).split('::');
  const parse = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [parse(head), parse(tail ?? '')];
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
}

const canonical = (address: string): string => new URL(`http://[${address}]/`).hostname.slice(1, -1);
