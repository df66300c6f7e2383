import { asLine, keys, type PortBindingRecord, portBindingCodec, portRoleCodec } from '@taas/model';
import type { KnownPlace } from '../view/bound-ports.js';
import type { ClusterView } from '../view/cluster-view.js';
import { portTapped } from '../view/tapped-ports.js';
import type { Step } from './step.js';

/**
 * What has to be written of one port: where it is if a tap uses it, and nothing once none does. While an API record is
 * malformed nobody knows which ports it uses, and what is written stays.
 * @param going a flow that goes in the same transaction
 */
export function planBinding(
  view: ClusterView,
  port: string,
  place: KnownPlace | undefined,
  going?: string,
): readonly Step[] {
  const key = keys.portBinding(port);
  const entry = view.places.record(port);
  const unchanged = entry
    ? ({ kind: 'mod-revision', key, revision: entry.revision } as const)
    : ({ kind: 'absent', key } as const);
  if (view.places.from !== 'records' || !portTapped(view, port, going)) {
    const free = view.places.from !== 'records' || view.unreadable.size === 0;
    return entry && free ? [{ compare: [unchanged], operations: [{ kind: 'delete', key }] }] : [];
  }
  if (place === undefined) return [];
  const value = portBindingCodec.format(recordOf(place));
  return value === entry?.value ? [] : [{ compare: [unchanged], operations: [{ kind: 'put', key, value }] }];
}

/**
 * What has to be written of whose a port is. Nothing takes it back: that Neutron does not say so now makes it nobody else's.
 * @param owner null or undefined if Neutron has not said it
 */
export function planOwner(view: ClusterView, port: string, owner: string | null | undefined): readonly Step[] {
  const entry = view.portRoles.get(port);
  if (!entry?.record || owner == null || entry.record.project_id === owner || !portTapped(view, port)) return [];
  const value = portRoleCodec.format({ ...entry.record, project_id: owner });
  const { key, revision } = entry;
  return [{ compare: [{ kind: 'mod-revision', key, revision }], operations: [{ kind: 'put', key, value }] }];
}

/**
 * Writes where a port is bound that gets its first tap, for the transaction that makes the tap. Nothing if it cannot be
 * said here and now, or is written already: the leader sees to it then.
 */
export function planFirstBinding(view: ClusterView, port: string, place: KnownPlace | undefined): readonly Step[] {
  if (view.places.from !== 'records' || place === undefined || view.places.record(port)) return [];
  const key = keys.portBinding(port);
  const value = portBindingCodec.format(recordOf(place));
  return [{ compare: [{ kind: 'absent', key }], operations: [{ kind: 'put', key, value }] }];
}

function recordOf(place: KnownPlace): PortBindingRecord {
  if (place.is === 'unbound') return { v: 1, node: null, reason: asLine(place.reason), project_id: null };
  const { node, projectId, mtu } = place;
  return { v: 1, node, reason: '', project_id: projectId, ...(mtu === null ? {} : { mtu }) };
}
