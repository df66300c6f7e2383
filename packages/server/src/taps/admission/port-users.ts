import type { ResourceKind } from '@taas/model';
import type { ClusterView } from '../../view/cluster-view.js';
import type { Role } from './port-role.js';

/** The first so many in order, without putting all in order. */
export function first(ids: readonly string[], count: number): string[] {
  const found: string[] = [];
  for (const id of ids) {
    if (found.length === count && id > (found.at(-1) ?? '')) continue;
    found.push(id);
    found.sort().splice(count);
  }
  return found;
}

export interface User {
  readonly kind: ResourceKind;
  readonly id: string;
}

/** The taps by which a port has the role other than `role`. */
export function usersInOtherRole(view: ClusterView, port: string, role: Role): readonly User[] {
  const of = (kind: ResourceKind, ids: readonly string[]) => ids.map((id): User => ({ kind, id }));
  if (role === 'source') return of('tap_services', view.servicesByPort.get(port));
  return [...of('tap_flows', view.flowsByPort.get(port)), ...of('tap_mirrors', view.mirrors.byPort.get(port))];
}

/** Whether a port has the role other than `role`. */
export function usedOtherwise(view: ClusterView, port: string, role: Role): boolean {
  if (role === 'source') return view.servicesByPort.count(port) > 0;
  return view.flowsByPort.count(port) > 0 || view.mirrors.byPort.count(port) > 0;
}
