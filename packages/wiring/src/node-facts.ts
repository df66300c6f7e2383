import type { Ip6Prefixes } from './flows/whole-byte-prefixes.js';
import type { NoCopies } from './plan/no-copies.js';
import type { Overload } from './plan/overload.js';

/**
 * What planning knows besides VPP's state and what is wanted: the node's configuration, and what has been found of loads and
 * copies. Data, and the same for a plan and its verification: nothing in it changes while it is in use.
 */
export interface NodeFacts {
  /** Interface names of uplinks by physnet, for those that networking-vpp has not tagged. */
  readonly uplinks: ReadonlyMap<string, string>;
  /** The local address of VXLAN tunnels, or null if this node has none. */
  readonly tunnelAddress: string | null;
  /** Ids of our bridge domains, both ends included. */
  readonly bridgeDomains: readonly [first: number, last: number];
  /** kbit/s to which the copies of each flow, and of each leg of a tap mirror, are thinned; null: they are not policed. */
  readonly policedKbps: number | null;
  readonly overload: Overload;
  /** How VPP's ACLs match them. Absent: as they should. */
  readonly ip6Prefixes?: Ip6Prefixes;
  /** Absent: nobody looks whether copies move. */
  readonly noCopies?: NoCopies;
}

/** High, and away from networking-vpp's (interface indices, and 64000 and up). VPP's limit is 2^24 - 1. */
export const defaultBridgeDomains: readonly [number, number] = [0x800000, 0x8fffff];

/** An IP address in the one spelling that comparisons use (RFC 5952 for IPv6). Text that is none comes back unchanged. */
export function canonicalAddress(address: string): string {
  if (!address.includes(':')) return address;
  try {
    return new URL(`http://[${address}]/`).hostname.slice(1, -1);
  } catch {
    return address;
  }
}
