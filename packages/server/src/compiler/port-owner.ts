import { type Because, because } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';

/** Whether a tap's port is of the tap's own project, as far as etcd says. */
export type Ownership =
  | 'own'
  /** It is somebody else's: no node may be told of the tap. */
  | 'foreign'
  /** Nobody has said whose it is: what nodes were told stays, and no node is told of the tap that was not before. */
  | 'unknown';

export const foreignPort = (port: string): Because =>
  because('port_of_other_project', `port ${port} belongs to another project`);

/**
 * Whose a tap's port is. What counts is what Neutron said, which the server that let the tap in and the leading server write
 * into the record of the port's role. A binding that names a project can only deny: networking-vpp's own keys name none, and
 * what is not a server's record is no proof.
 */
export function ownership(
  view: Pick<ClusterView, 'portRoles' | 'places' | 'owners'>,
  port: string,
  tap: { readonly project_id: string },
): Ownership {
  const recorded = view.portRoles.get(port)?.record?.project_id ?? null;
  const place = view.places.of(port);
  const bound = place.is === 'bound' ? place.projectId : null;
  if ([recorded, bound].some((project) => project !== null && project !== tap.project_id)) return 'foreign';
  return recorded === null && view.owners === 'always' ? 'unknown' : 'own';
}
