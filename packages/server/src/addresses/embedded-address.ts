import { isIP } from 'node:net';
import { ip6Groups } from '../http/ip-prefix.js';

/** Whether an IPv6 address leads to an IPv4 address, by a gateway or in a tunnel. */
export type Embedded =
  | { readonly is: 'none' }
  | { readonly is: 'embedded'; readonly address: string }
  /** It does, and to which one cannot be told from the outside, or nothing should use it any more. `kind` is for the tenant. */
  | { readonly is: 'unclear'; readonly kind: string };

/**
 * The IPv4 address in an IPv6 address of a kind that everybody knows. A gateway may have a prefix of its own (RFC 6052, 2.2), which
 * the operator must deny.
 *
 * Sources: RFC 4291 2.5.5.2 (mapped), RFC 2765 (translated), RFC 6052 (64:ff9b::/96), RFC 8215 (64:ff9b:1::/48), RFC 3056
 * (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP), RFC 4291 2.5.5.1 (compatible, deprecated).
 */
export function embeddedAddress(address: string): Embedded {
  if (isIP(address) !== 6 || address.includes('%')) return { is: 'none' };
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = ip6Groups(address);
  const last: Embedded = { is: 'embedded', address: dotted(g, h) };
  const none = a === 0 && b === 0 && c === 0 && d === 0;
  if (none && ((e === 0 && f === 0xffff) || (e === 0xffff && f === 0))) return last;
  // The unspecified and the loopback address are of no such kind, but have the form of one.
  if (none && e === 0 && f === 0) return { is: 'unclear', kind: 'an IPv4-compatible address' };
  if (a === 0x64 && b === 0xff9b) {
    if (c === 0 && d === 0 && e === 0 && f === 0) return last;
    return { is: 'unclear', kind: 'an address of a local translation to IPv4' };
  }
  if (a === 0x2002) return { is: 'embedded', address: dotted(b, c) };
  if (a === 0x2001 && b === 0) return { is: 'unclear', kind: 'a Teredo address' };
  if ((e & 0xfcff) === 0 && f === 0x5efe) return last;
  return { is: 'none' };
}

const dotted = (high: number, low: number): string => [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
