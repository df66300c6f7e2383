import type { NodeFacts } from '@taas/wiring';
import { isOlderThan } from './vpp-release.js';

/**
 * How the ACLs of a VPP match IPv6 prefixes; from 25.06 on as they should. No message shows it, and finding it out would take packets;
 * what is done for old VPPs is right on all.
 * @param version as VPP says it
 */
export function ip6Prefixes(version: string): NonNullable<NodeFacts['ip6Prefixes']> {
  return isOlderThan(version, 2506) ? 'whole bytes' : 'any length';
}
