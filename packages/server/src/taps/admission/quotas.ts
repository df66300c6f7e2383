import { keys, type QuotaRecord, type ResourceKind, resourceKinds } from '@taas/model';
import type { Compare, Operation, Store } from '@taas/store';
import { overQuota, unavailable, words } from '../../errors/neutron-error.js';
import type { ClusterView } from '../../view/cluster-view.js';
import { shelf } from '../../view/shelf.js';
import { isLeaving, quotaLingers } from './lingering.js';

export type QuotaName = 'tap_service' | 'tap_flow' | 'tap_mirror';
export const quotaNames: readonly QuotaName[] = resourceKinds.map((kind) => words[kind].resource);

/** How many of each kind a project may have; -1 is no limit. */
export type QuotaLimits = Readonly<Record<QuotaName, number>>;
export const noQuota: QuotaLimits = { tap_service: -1, tap_flow: -1, tap_mirror: -1 };

/** Where the operator has set none (docs/decisions/0029-safe-defaults.md). */
export const usualQuotas: QuotaLimits = { tap_service: 50, tap_flow: 500, tap_mirror: 50 };

/**
 * A project's limits: what an administrator has set, and the defaults for the rest.
 * @throws NeutronError 503 if what was set cannot be read: then nobody knows the limits, and the defaults may be none
 */
export function limitsOf(view: ClusterView, project: string, defaults: QuotaLimits): QuotaLimits {
  const entry = view.quotas.get(project);
  if (entry?.record === null)
    throw unavailable('The quota of the project cannot be read: an administrator must set it anew.');
  const set: Partial<QuotaRecord> = entry?.record ?? {};
  return {
    tap_service: set.tap_service ?? defaults.tap_service,
    tap_flow: set.tap_flow ?? defaults.tap_flow,
    tap_mirror: set.tap_mirror ?? defaults.tap_mirror,
  };
}

/** How many a project has, those that are being deleted included. */
export const usedBy = (view: ClusterView, kind: ResourceKind, project: string): number =>
  shelf(view, kind).byProject.count(project);

/** How many of these are on their way out. */
function leaving(view: ClusterView, kind: ResourceKind, project: string): number {
  const { byId, byProject } = shelf(view, kind);
  let count = 0;
  for (const { id } of byProject.inOrder(project)) {
    const record = byId.get(id)?.record;
    if (record && isLeaving(view, record)) count += 1;
  }
  return count;
}

type Current = Awaited<ReturnType<Store['get']>>;

/** What a transaction must compare and write so that a project keeps within its quota. */
export interface QuotaClaim {
  readonly compare: readonly Compare[];
  readonly operations: readonly Operation[];
}

/**
 * Makers of one kind in one project take turns: each compares the revision of the last one's turn and writes the next. So
 * the view, once it has seen that revision, has seen all that was made before; what was deleted since only makes room.
 * Projects without a limit take no turns.
 * @param seen what refused transactions have shown of keys, newer than the view; undefined if nothing
 * @throws NeutronError 409 OverQuota
 */
export function claimQuota(
  view: ClusterView,
  what: {
    readonly kind: ResourceKind;
    readonly project: string;
    readonly count: number;
    readonly defaults: QuotaLimits;
  },
  seen: (key: string) => { readonly current: Current } | undefined,
): QuotaClaim {
  const { kind, project, count, defaults } = what;
  const name = words[kind].resource;
  const limit = limitsOf(view, project, defaults)[name];
  const quotaKey = keys.quota(project);
  const setting = same(quotaKey, view.quotas.get(project)?.revision);
  if (limit < 0) return { compare: [setting], operations: [] };
  const fits = (now: ClusterView) => usedBy(now, kind, project) + count <= limit;
  if (!fits(view)) {
    const over = usedBy(view, kind, project) + count - limit;
    throw leaving(view, kind, project) >= over ? quotaLingers(name, fits) : overQuota(name);
  }
  const key = keys.admission(project, kind);
  const last = seen(key);
  const revision = last ? last.current?.modRevision : view.admissions.get(key);
  return {
    compare: [setting, same(key, revision)],
    operations: [{ kind: 'put', key, value: JSON.stringify({ v: 1 }) }],
  };
}

const same = (key: string, revision: number | undefined): Compare =>
  revision === undefined ? { kind: 'absent', key } : { kind: 'mod-revision', key, revision };
