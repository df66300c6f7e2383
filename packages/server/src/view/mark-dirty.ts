import type { ResourceKind } from '@taas/model';
import type { ClusterView } from './cluster-view.js';
import type { Dirty } from './dirty.js';
import type { ServiceKind } from './entry.js';
import type { HeldSegment } from './segment-ledger.js';
import type { TapPart } from './tap-part.js';

// What an event may change: for each kind of record, the tap services and tap mirrors that depend on it.

/** A segment whose record is malformed belongs to whichever tap service's nodes were told of it: it may be any. */
export function markHolderDirty(dirty: Dirty, view: ClusterView, { serviceId }: HeldSegment): void {
  for (const id of serviceId === null ? view.nodeRecords.services() : [serviceId]) dirty.services.add(id);
}

/** Copies may travel on a physical network where they might not, or the other way round: any tap service may be concerned. */
export function markPhysnetsDirty(dirty: Dirty, view: ClusterView, physnets: readonly string[]): void {
  if (physnets.length === 0) return;
  for (const physnet of physnets) dirty.physnets.add(physnet);
  for (const some of [view.services.keys(), view.nodeRecords.services()])
    for (const service of some) dirty.services.add(service);
}

/** Where a port is bound has changed. */
export function markPortDirty(dirty: Dirty, view: ClusterView, port: string): void {
  for (const service of view.servicesByPort.get(port)) dirty.services.add(service);
  for (const flow of view.flowsByPort.get(port)) {
    const service = serviceOf(view, 'tap_flows', flow);
    if (service !== undefined) dirty.services.add(service);
  }
  for (const mirror of view.mirrors.byPort.get(port)) dirty.mirrors.add(mirror);
}

/** What is known of a node's agent has changed. */
function markNodeDirty(dirty: Dirty, view: ClusterView, node: string): void {
  for (const port of view.places.onNode(node)) markPortDirty(dirty, view, port);
  for (const record of view.nodeRecords.onNode(node))
    for (const service of servicesOfRecord(view, record, record.service)) dirty.services.add(service);
  for (const mirror of view.mirrors.onNode(node)) dirty.mirrors.add(mirror);
}

/**
 * An agent has come, has changed or has gone.
 * @param whole everything is touched anyway
 */
export function markAgentDirty(dirty: Dirty, view: ClusterView, node: string, whole: boolean): void {
  dirty.agents.set(node, view.agents.has(node));
  dirty.nodes.add(node);
  if (!whole) markNodeDirty(dirty, view, node);
}

/**
 * A node's report changes what has to be written only if it may be the answer to a tombstone, or if the tap, or the
 * collector that it leads to, is not simply where its port is bound: then it says who does what meanwhile.
 */
export function markReportDirty(dirty: Dirty, view: ClusterView, kind: ResourceKind, id: string, node: string): void {
  if (kind === 'tap_mirrors') {
    const port = view.mirrors.byId.get(id)?.record?.port_id;
    if (
      view.mirrors.published({ node, id })?.record?.removed === true ||
      isAway(view, view.mirrors.publishedOf(id), port)
    )
      dirty.mirrors.add(id);
    return;
  }
  const published = view.nodeRecords.get({ node, kind, id });
  const answersTombstone = published?.record?.removed === true;
  for (const service of servicesOfRecord(view, { kind, id }, published?.service ?? null))
    if (answersTombstone || moves(view, kind, id, service)) dirty.services.add(service);
}

/** The tap service of a tap, as far as the API's records tell. */
export function serviceOf(view: ClusterView, kind: ServiceKind, id: string): string | undefined {
  return kind === 'tap_flows' ? view.flows.get(id)?.record?.tap_service_id : id;
}

/** The tap services that a node's record concerns: its own, and its flow's, which are the same but in a record by other hands. */
function servicesOfRecord(
  view: ClusterView,
  { kind, id }: Pick<TapPart<ServiceKind>, 'kind' | 'id'>,
  named: string | null,
): Set<string> {
  const known = serviceOf(view, kind, id);
  return new Set([...(named === null ? [] : [named]), ...(known === undefined ? [] : [known])]);
}

function moves(view: ClusterView, kind: ServiceKind, id: string, service: string): boolean {
  const published = (of: ServiceKind, tap: string) => view.nodeRecords.ofTap(of, tap);
  if (isAway(view, published('tap_services', service), view.services.get(service)?.record?.port_id)) return true;
  return kind === 'tap_flows' && isAway(view, published(kind, id), view.flows.get(id)?.record?.source_port);
}

/** Whether a node has a record of a tap, be it a tombstone, whose port is not known to be bound there. */
function isAway(view: ClusterView, published: readonly { readonly node: string }[], port: string | undefined): boolean {
  if (published.length > 1) return true;
  if (port === undefined) return false;
  const place = view.places.of(port);
  return place.is === 'unbound' || (place.is === 'bound' && published.some(({ node }) => node !== place.node));
}
