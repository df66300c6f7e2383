import type { NeutronPort } from './port.js';

/** What became of a port between two polls. */
export type PortChange =
  /** The first poll of it since the start. */
  | { readonly kind: 'seen'; readonly port: NeutronPort }
  | { readonly kind: 'changed'; readonly before: NeutronPort; readonly port: NeutronPort }
  | { readonly kind: 'deleted'; readonly portId: string };

export function diffPorts(
  before: ReadonlyMap<string, NeutronPort>,
  found: ReadonlyMap<string, NeutronPort>,
  deleted: Iterable<string>,
): PortChange[] {
  const changes: PortChange[] = [];
  for (const [id, port] of found) {
    const earlier = before.get(id);
    if (earlier === undefined) changes.push({ kind: 'seen', port });
    else if (!samePort(earlier, port)) changes.push({ kind: 'changed', before: earlier, port });
  }
  for (const portId of deleted) changes.push({ kind: 'deleted', portId });
  return changes;
}

/** Whether the port was bound, unbound, or moved to another node or project, or is seen for the first time. */
export function bindingOrOwnerChanged(change: PortChange): boolean {
  if (change.kind === 'deleted') return false;
  if (change.kind === 'seen') return true;
  return (
    change.before.projectId !== change.port.projectId ||
    change.before.binding?.hostId !== change.port.binding?.hostId ||
    change.before.binding?.vifType !== change.port.binding?.vifType
  );
}

function samePort(one: NeutronPort, other: NeutronPort): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
