import type { ClusterView } from '../view/cluster-view.js';
import { portTapped } from '../view/tapped-ports.js';
import type { Step } from './step.js';

/**
 * Gives a port's role back when nothing uses the port any more. Whoever takes a role writes its record anew in the same
 * transaction, so a role with the revision seen here has had no taker since. While an API record is malformed nobody knows
 * which port it uses, and all roles stay.
 * @param going a flow that goes in the same transaction
 */
export function planRoleRemoval(view: ClusterView, port: string, going?: string): readonly Step[] {
  const role = view.portRoles.get(port);
  if (!role || portTapped(view, port, going) || view.unreadable.size > 0) return [];
  return [
    {
      compare: [{ kind: 'mod-revision', key: role.key, revision: role.revision }],
      operations: [{ kind: 'delete', key: role.key }],
    },
  ];
}
