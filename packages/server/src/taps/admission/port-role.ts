import { keys, type PortRoleRecord, portRoleCodec, RecordError } from '@taas/model';
import type { Compare, KeyValue, Operation } from '@taas/store';
import type { ClusterView } from '../../view/cluster-view.js';
import type { ValuedEntry } from '../../view/entry.js';
import { portTapped } from '../../view/tapped-ports.js';

export type Role = PortRoleRecord['role'];

/** A port's role record as last seen, in the view or in the answer to a refused transaction. */
export interface SeenRole {
  readonly revision: number;
  readonly value: string;
}

/** How a transaction takes a role for a port, or that another role stands in the way. */
export type RoleClaim = { readonly compare: Compare; readonly operation: Operation } | { readonly conflict: true };

/**
 * Takes a role for a port. The record is written anew even if it says the same already: by that the collector of unused
 * roles, which compares revisions, cannot remove it under a tap just made, while any number of takers of the same role,
 * who compare values, do not get in each other's way.
 *
 * @param owner whose port it is, as Neutron has just said; undefined if nobody was asked: then what was known of it stays
 *
 * A record of the other role that nothing uses any more is taken over by its revision: whoever had taken it since would
 * have changed that.
 */
export function claimRole(
  view: ClusterView,
  port: string,
  role: Role,
  seen: SeenRole | undefined,
  owner?: string,
): RoleClaim {
  const key = keys.portRole(port);
  const before = seen && recordIn(key, seen.value);
  const project = owner ?? (before?.role === role ? before.project_id : undefined);
  const value = portRoleCodec.format({ v: 1, role, ...(project === undefined ? {} : { project_id: project }) });
  const operation: Operation = { kind: 'put', key, value };
  if (!seen) return { compare: { kind: 'absent', key }, operation };
  if (seen.value === value) return { compare: { kind: 'value', key, value }, operation };
  const sameRole = before?.role === role;
  // The view must have seen the record's own revision, or it may not have seen its user.
  const unused = view.revision >= seen.revision && !portTapped(view, port) && view.unreadable.size === 0;
  if (!sameRole && !unused) return { conflict: true };
  return { compare: { kind: 'mod-revision', key, revision: seen.revision }, operation };
}

function recordIn(key: string, value: string): PortRoleRecord | null {
  try {
    return portRoleCodec.parse(key, value);
  } catch (error) {
    if (error instanceof RecordError) return null;
    throw error;
  }
}

export const seenInView = (entry: ValuedEntry<PortRoleRecord> | undefined): SeenRole | undefined =>
  entry && { revision: entry.revision, value: entry.value };

export const seenInStore = (entry: KeyValue | undefined): SeenRole | undefined =>
  entry && { revision: entry.modRevision, value: entry.value };
