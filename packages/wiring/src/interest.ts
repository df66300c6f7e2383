import type { ActualView } from './actual.js';
import { findPort } from './find-interface.js';
import { possibleSources } from './flow-sources.js';
import { linksOf } from './links-of.js';
import { legDirections, legId } from './mirror-leg.js';
import { canonicalAddress } from './node-facts.js';
import type { TapIds } from './plan-node.js';
import { ownTag, wayKinds } from './tags.js';
import type { Wanted } from './wanted.js';

/** Interfaces that planning some taps will ask about. */
export interface Interest {
  /** Ports of sources and collectors: read them again if they may have changed hands. */
  readonly ports: ReadonlySet<number>;
  /** Sources, loopbacks that may have a filter or a policer, and ways in and out: planning needs their L2 features; one not read counts as not connected. */
  readonly features: ReadonlySet<number>;
  /** Addresses to which mirrors send, and of the other ends of tunnels between nodes. */
  readonly remotes: ReadonlySet<string>;
}

export function interestOf(ids: TapIds, wanted: Wanted, actual: ActualView): Interest {
  const services = new Set(ids.services);
  const flows = new Set([...services].flatMap((service) => [...wanted.flowsOf(service)]));
  for (const id of ids.flows) {
    const record = wanted.flow(id)?.record;
    if (!record) continue;
    services.add(record.tap_service_id);
    for (const sibling of wanted.siblingsOf(record)) flows.add(sibling);
  }
  const ports = new Set<number>();
  const features = new Set<number>();
  for (const id of flows) {
    const record = wanted.flow(id)?.record;
    if (!record || record.removed) continue;
    for (const index of possibleSources(record, actual)) {
      features.add(index);
      ports.add(index);
    }
    // A filter or a policer that VPP lists may be switched off all the same.
    for (const { index } of actual.tagged(ownTag('flow', id))) features.add(index);
  }
  const remotes = wanted.mirrors.remotes(ids.mirrors);
  for (const id of services) {
    for (const link of linksOf(id, wanted)) if (link.type === 'vxlan') remotes.add(canonicalAddress(link.remote));
    const record = wanted.service(id)?.record;
    const collector = record && findPort(record.port_id, actual).value;
    if (collector) ports.add(collector.index);
    for (const kind of ['entry', ...wayKinds] as const)
      for (const entry of actual.tagged(ownTag(kind, id))) features.add(entry.index);
  }
  for (const id of ids.mirrors) {
    const record = wanted.mirrors.get(id)?.record;
    const source = record && !record.removed ? findPort(record.port_id, actual).value : undefined;
    if (source) features.add(source.index);
    if (source) ports.add(source.index);
    for (const direction of legDirections) {
      const leg = legId(id, direction);
      for (const entry of actual.tagged(ownTag('gre', leg))) features.add(entry.index);
      for (const { index } of actual.tagged(ownTag('mirror', leg))) if (actual.policing(index)) features.add(index);
    }
  }
  return { ports, features, remotes };
}
