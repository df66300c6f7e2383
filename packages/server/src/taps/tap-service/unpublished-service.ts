import { keys } from '@taas/model';
import type { Compare, Operation } from '@taas/store';
import { mostWrites } from '../../compiler/most-writes.js';
import { hasTotals } from '../../compiler/tap-end.js';
import type { ClusterView } from '../../view/cluster-view.js';
import { ViewBehindError } from '../../view/live-view.js';
import type { RemovalDeps } from '../removal/at-once.js';

/**
 * Removes a tap service and its flows in one transaction, if no node has been told of any of them and the view knows
 * them all: each flow that is made writes the role of the service's port anew, which is compared here.
 * @returns the revision of the removal, or null if it takes more than that, or somebody was faster
 */
export async function removeUnpublishedAtOnce(deps: RemovalDeps, id: string, revision: number): Promise<number | null> {
  const { view } = deps.live;
  const service = view.services.get(id);
  const port = service?.record?.port_id;
  const role = port === undefined ? undefined : view.portRoles.get(port);
  if (!role || service?.revision !== revision || !deps.live.fresh) return null;
  if (view.nodeRecords.countOfService(id) > 0 || view.flowsByService.count(id) + 2 > mostWrites) return null;
  const flows = view.flowsByService.get(id);
  if (anyTotals(view, id, flows)) return null;
  const { compare, operations } = removalOf(view, service, flows);
  const unchanged: Compare = { kind: 'mod-revision', key: role.key, revision: role.revision };
  const result = await deps.store.transact({ compare: [...compare, unchanged], operations });
  return result.succeeded ? result.revision : null;
}

/**
 * Removes a tap service marked as `deleting` at `revision`, and its flows, if no node has been told of any of them: since
 * the mark, no new flow can come. Anything else is the compiler's work.
 * @returns the revision of the removal, or `revision` if there was none
 */
export async function removeUnpublishedService(deps: RemovalDeps, id: string, revision: number): Promise<number> {
  try {
    await deps.live.reached(revision, deps.catchUpMs);
  } catch (error) {
    if (error instanceof ViewBehindError) return revision;
    throw error;
  }
  const { view } = deps.live;
  const service = view.services.get(id);
  if (!service || view.nodeRecords.countOfService(id) > 0 || view.flowsByService.count(id) >= mostWrites)
    return revision;
  const flows = view.flowsByService.get(id);
  if (anyTotals(view, id, flows)) return revision;
  const result = await deps.store.transact(removalOf(view, service, flows));
  return result.succeeded ? result.revision : revision;
}

/** Whether nodes have counted something that would stay behind: the compiler takes it along. */
function anyTotals(view: ClusterView, service: string, flows: readonly string[]): boolean {
  return hasTotals(view, 'tap_services', service) || flows.some((flow) => hasTotals(view, 'tap_flows', flow));
}

function removalOf(
  view: ClusterView,
  service: { readonly key: string; readonly revision: number },
  flows: readonly string[],
): { readonly compare: Compare[]; readonly operations: Operation[] } {
  const compare: Compare[] = [{ kind: 'mod-revision', key: service.key, revision: service.revision }];
  const operations: Operation[] = [{ kind: 'delete', key: service.key }];
  for (const flow of flows) {
    const key = keys.resource('tap_flows', flow);
    compare.push({ kind: 'mod-revision', key, revision: view.flows.get(flow)?.revision ?? 0 });
    operations.push({ kind: 'delete', key });
  }
  return { compare, operations };
}
