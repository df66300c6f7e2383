import type { NodeFacts } from '@taas/wiring';

/** Year and month of the first release whose ACLs match IPv6 prefixes of any length. */
const mended = 2506;

/**
 * How the ACLs of a VPP match IPv6 prefixes. No message shows it, and finding it out would take packets; so the release decides,
 * and one that cannot be told counts as old: what is done for old ones is right on all.
 * @param version as VPP says it, like 20.09-release
 */
export function ip6Prefixes(version: string): NonNullable<NodeFacts['ip6Prefixes']> {
  const [, year, month] = /^v?(\d\d)\.(\d\d)(?!\d)/.exec(version) ?? [];
  return Number(`${year}${month}`) >= mended ? 'any length' : 'whole bytes';
}
