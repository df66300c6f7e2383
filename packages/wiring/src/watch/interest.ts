import { atOnce, type Sliced } from '@taas/service';
import { findPort } from '../find-interface.js';
import { possibleSources } from '../flows/flow-sources.js';
import { canonicalAddress } from '../node-facts.js';
import { unitName } from '../plan/plan-contained.js';
import type { TapIds } from '../plan/plan-node.js';
import type { Unseen } from '../plan/planning.js';
import { linksOf } from '../services/links-of.js';
import type { ActualView } from '../snapshot.js';
import { type ByTap, featuresOf, ownTag } from '../tags.js';
import { ownedBy } from '../tap-of-tag.js';
import type { Wanted } from '../wanted/wanted.js';

/** Interfaces that planning some taps will ask about. */
export interface Interest {
  /** Ports of sources and collectors: read them again if they may have changed hands. */
  readonly ports: ReadonlySet<number>;
  /** Sources, loopbacks that may have a filter or a policer, and attachments: planning needs their L2 features; one not read counts as not connected. */
  readonly features: ReadonlySet<number>;
  /** Addresses to which mirrors send, and of the other ends of tunnels between nodes. */
  readonly remotes: ReadonlySet<string>;
  /** Taps of which it could not be said what to ask about, and why: to be planned by nobody. By {@link unitName}. */
  readonly unseen: Unseen;
}

/** @throws nothing: what cannot be asked about is {@link Interest.unseen} */
export function interestOf(ids: TapIds, wanted: Wanted, actual: ActualView): Interest {
  return atOnce(interestIn(ids, wanted, actual));
}

/** As {@link interestOf}, in slices. */
export function* interestIn(ids: TapIds, wanted: Wanted, actual: ActualView): Sliced<Interest> {
  const found: Found = { ports: new Set(), features: new Set(), remotes: new Set() };
  const unseen = new Map<string, string>();
  const attempt = (unit: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      unseen.set(unit, error instanceof Error ? error.message : String(error));
    }
  };
  const services = new Set(ids.services);
  const flows = new Map<string, string>();
  for (const service of services) for (const flow of wanted.flowsOf(service)) flows.set(flow, service);
  for (const id of ids.flows) {
    const record = wanted.flow(id)?.record;
    if (!record) continue;
    services.add(record.tap_service_id);
    for (const sibling of wanted.siblingsOf(record)) flows.set(sibling, record.tap_service_id);
  }
  for (const [flow, service] of flows) {
    yield;
    attempt(unitName('tap_services', service), () => flowInterest(flow, wanted, actual, found));
  }
  for (const id of services) {
    yield;
    attempt(unitName('tap_services', id), () => serviceInterest(id, wanted, actual, found));
  }
  for (const id of ids.mirrors) {
    yield;
    attempt(unitName('tap_mirrors', id), () => mirrorInterest(id, wanted, actual, found));
  }
  return { ...found, unseen };
}

/**
 * Of some taps those whose planning asks about the features of one of these interfaces.
 * @returns why, by {@link unitName}
 */
export function unitsAskingFor(
  unread: ReadonlyMap<number, string>,
  ids: TapIds,
  wanted: Wanted,
  actual: ActualView,
): Map<string, string> {
  const found = new Map<string, string>();
  const look = (kind: 'tap_services' | 'tap_mirrors', id: string): void => {
    const none: readonly string[] = [];
    const unit = kind === 'tap_mirrors' ? { mirrors: [id], services: none } : { mirrors: none, services: [id] };
    const { features } = interestOf({ ...unit, flows: none }, wanted, actual);
    for (const [index, cause] of unread) if (features.has(index)) found.set(unitName(kind, id), cause);
  };
  const services = new Set(ids.services);
  for (const id of ids.flows) services.add(wanted.flow(id)?.record.tap_service_id ?? '');
  for (const id of services) look('tap_services', id);
  for (const id of ids.mirrors) look('tap_mirrors', id);
  return found;
}

interface Found {
  readonly ports: Set<number>;
  readonly features: Set<number>;
  readonly remotes: Set<string>;
}

function flowInterest(id: string, wanted: Wanted, actual: ActualView, { ports, features }: Found): void {
  const record = wanted.flow(id)?.record;
  if (!record || record.removed) return;
  for (const index of possibleSources(record, actual)) {
    features.add(index);
    ports.add(index);
  }
  addOwn('flows', id, actual, features);
}

function serviceInterest(id: string, wanted: Wanted, actual: ActualView, { ports, features, remotes }: Found): void {
  for (const link of linksOf(id, wanted)) if (link.type === 'vxlan') remotes.add(canonicalAddress(link.remote));
  const record = wanted.service(id)?.record;
  const collector = record && findPort(record.port_id, actual).value;
  if (collector) ports.add(collector.index);
  addOwn('services', id, actual, features);
}

function mirrorInterest(id: string, wanted: Wanted, actual: ActualView, { ports, features, remotes }: Found): void {
  for (const remote of wanted.mirrors.remotes([id])) remotes.add(remote);
  const record = wanted.mirrors.get(id)?.record;
  const source = record && !record.removed ? findPort(record.port_id, actual).value : undefined;
  if (source) features.add(source.index);
  if (source) ports.add(source.index);
  addOwn('mirrors', id, actual, features);
}

/** Those of a tap's own interfaces of which planning has to know the features. */
function addOwn(tap: keyof ByTap<unknown>, id: string, actual: ActualView, features: Set<number>): void {
  for (const { kind, id: owner } of ownedBy(tap, id)) {
    const need = featuresOf(kind);
    if (need === 'unused') continue;
    for (const index of actual.interfaces.keysBy('tag', ownTag(kind, owner)))
      if (need === 'needed' || actual.policings.has(index)) features.add(index);
  }
}
