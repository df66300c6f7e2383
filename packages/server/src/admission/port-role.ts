import { keys, type PortRoleRecord, portRoleCodec, RecordError } from '@taas/model';
import type { Compare, KeyValue, Operation } from '@taas/store';
import { portTapped } from '../ports/tapped-ports.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { Entry } from '../view/entry.js';

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
 * A record of the other role that nothing uses any more is taken over by its revision: whoever had taken it since would
 * have changed that.
 */
export function claimRole(view: ClusterView, port: string, role: Role, seen: SeenRole | undefined): RoleClaim {
  const key = keys.portRole(port);
  const value = portRoleCodec.format({ v: 1, role });
  const operation: Operation = { kind: 'put', key, value };
  if (!seen) return { compare: { kind: 'absent', key }, operation };
  if (seen.value === value) return { compare: { kind: 'value', key, value }, operation };
  const sameRole = roleIn(key, seen.value) === role;
  // The view must have seen the record's own revision, or it may not have seen its user.
  const unused = view.revision >= seen.revision && !portTapped(view, port) && view.unreadable.size === 0;
  if (!sameRole && !unused) return { conflict: true };
  return { compare: { kind: 'mod-revision', key, revision: seen.revision }, operation };
}

function roleIn(key: string, value: string): Role | null {
  try {
    return portRoleCodec.parse(key, value).role;
  } catch (error) {
    if (error instanceof RecordError) return null;
    throw error;
  }
}

export const seenInView = (entry: Entry<PortRoleRecord> | undefined): SeenRole | undefined =>
  entry && { revision: entry.revision, value: entry.value };

export const seenInStore = (entry: KeyValue | undefined): SeenRole | undefined =>
  entry && { revision: entry.modRevision, value: entry.value };
