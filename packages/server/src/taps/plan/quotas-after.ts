import type { ResourceKind } from '@taas/model';
import type { Access } from '../../auth/access.js';
import type { Caller } from '../../auth/authenticator.js';
import { NeutronError, words } from '../../errors/neutron-error.js';
import type { ClusterView } from '../../view/cluster-view.js';
import { limitsOf, type QuotaLimits, usedBy } from '../admission/quotas.js';
import type { PlannedChange } from './tap-planner.js';

export interface QuotasDeps {
  readonly view: ClusterView;
  readonly access: Access;
  /** Of projects for which none are set. */
  readonly quotas: QuotaLimits;
}

/** A project's quota before and after a change. */
export interface QuotaAfter {
  readonly project_id: string;
  readonly resource: string;
  readonly limit: number;
  readonly used: number;
  /** When nodes have confirmed, where something goes. */
  readonly after: number;
}

/** Null if the caller may not read the quota of one of the projects. */
export function quotasAfter(
  { view, access, quotas }: QuotasDeps,
  plan: PlannedChange,
  caller: Caller,
): QuotaAfter[] | null {
  const { change, kind, records, operations } = plan;
  const found: QuotaAfter[] = [];
  for (const project of new Set(records.map(({ project_id }) => project_id))) {
    if (!readsQuota(access, project, caller)) return null;
    const limits = limitsOf(view, project, quotas);
    const line = (of: ResourceKind, by: number) => {
      const used = usedBy(view, of, project);
      const { resource } = words[of];
      found.push({ project_id: project, resource, limit: limits[resource], used, after: used + by });
    };
    const own = records.filter(({ project_id }) => project_id === project);
    const count = operations.length === 0 ? 0 : own.length;
    line(kind, change === 'create' ? count : -count);
    if (kind !== 'tap_services' || change === 'create') continue;
    const flows = own.reduce((sum, { id }) => sum + view.flowsByService.count(id), 0);
    line('tap_flows', count === 0 ? 0 : -flows);
  }
  return found;
}

function readsQuota(access: Access, project: string, caller: Caller): boolean {
  try {
    access.mayUseQuota('get', project, caller);
    return true;
  } catch (error) {
    if (error instanceof NeutronError) return false;
    throw error;
  }
}
