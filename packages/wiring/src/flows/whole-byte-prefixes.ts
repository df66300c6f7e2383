import type { AclRule } from '../objects/acl.js';

/**
 * How a VPP's ACLs match IPv6 prefixes. Before 25.06 one that does not end at a whole byte is compared with the byte behind the
 * one that it ends in (plugins/acl/public_inlines.h, fa_acl_match_ip6_addr).
 */
export type Ip6Prefixes = 'any length' | 'whole bytes';

/**
 * The same rules with IPv6 prefixes that end at whole bytes only: each that does not becomes all those of the next length that
 * does, 2 to 128 of them. Nothing that is matched changes.
 * @returns null if there were more than `most`
 */
export function wholeByteRules(rules: readonly AclRule[], most: number): AclRule[] | null {
  const whole: AclRule[] = [];
  for (const rule of rules) {
    const [sources, destinations] = [parts(rule.source), parts(rule.destination)];
    if (whole.length + sources.count * destinations.count > most) return null;
    for (const source of sources.list())
      for (const destination of destinations.list()) whole.push({ ...rule, source, destination });
  }
  return whole;
}

function parts(prefix: string): { readonly count: number; list(): readonly string[] } {
  const [address = '', length] = prefix.split('/');
  const bits = Number(length);
  const missing = address.includes(':') ? (8 - (bits % 8)) % 8 : 0;
  if (missing === 0) return { count: 1, list: () => [prefix] };
  const whole = bits + missing;
  const list = () => {
    const first = toNumber(address);
    const step = 1n << BigInt(128 - whole);
    return Array.from({ length: 2 ** missing }, (_, n) => `${toText(first + BigInt(n) * step)}/${whole}`);
  };
  return { count: 2 ** missing, list };
}

/** @param address as RFC 5952 has it, without an IPv4 part */
function toNumber(address: string): bigint {
  const [before = [], after = []] = address.split('::').map((side) => (side === '' ? [] : side.split(':')));
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
}

function toText(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, n) => ((address >> BigInt(112 - 16 * n)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
