import type { NoCopies, NodeFacts } from '@taas/wiring';
import type { AgentConfig } from '../config.js';
import type { BudgetKeeper } from '../probes/budget-keeper.js';
import { ip6Prefixes } from '../vpp/ip6-prefixes.js';

/** VPP's names of uplinks by physnet, as configured. */
export function configuredUplinks({ physnets }: Pick<AgentConfig, 'physnets'>): ReadonlyMap<string, string> {
  return new Map(physnets.flatMap((each) => (each.interface ? [[each.name, each.interface] as const] : [])));
}

/**
 * What planning knows besides VPP's state and what is wanted, as it is now: data, in which nothing changes later. It is made
 * once for each pass, after the probes have run. The plan and its verification have the same facts: the second plan asks
 * whether VPP has become what the first one wanted, and facts that change meanwhile (another VPP, a budget) make their taps
 * dirty for the next pass.
 * @param noCopies of which mirrors nothing is copied
 * @param vppVersion as VPP says it
 */
export function nodeFacts(
  config: AgentConfig,
  { policedKbps, overload }: Pick<BudgetKeeper, 'policedKbps' | 'overload'>,
  noCopies: NoCopies,
  vppVersion: string,
): NodeFacts {
  const { first, last } = config.bridge_domains;
  return Object.freeze({
    uplinks: configuredUplinks(config),
    tunnelAddress: config.tunnel_address ?? null,
    bridgeDomains: [first, last] as const,
    policedKbps,
    overload,
    noCopies,
    ip6Prefixes: ip6Prefixes(vppVersion),
  });
}
