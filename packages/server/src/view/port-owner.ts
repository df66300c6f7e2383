import type { ClusterView } from './cluster-view.js';

/** Whose port it is, as Neutron or networking-vpp has said; null if nobody has. */
export function ownerOf(view: ClusterView, port: string): string | null {
  const recorded = view.places.record(port)?.record?.project_id;
  if (recorded) return recorded;
  const place = view.places.of(port);
  return place.is === 'bound' ? place.projectId : null;
}
