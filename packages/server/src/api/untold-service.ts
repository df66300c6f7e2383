import { keys } from '@taas/model';
import { type Compare, maxTxnOperations, type Operation, type Store } from '@taas/store';
import { type LiveView, ViewBehindError } from '../view/live-view.js';

/**
 * Removes a tap service marked as `deleting` at `revision`, and its flows, if no node has been told of any of them: since
 * the mark, no new flow can come. Anything else is the compiler's work.
 * @returns the revision of the removal, or `revision` if there was none
 */
export async function removeUntoldService(
  deps: { readonly store: Store; readonly live: LiveView; readonly catchUpMs: number },
  id: string,
  revision: number,
): Promise<number> {
  try {
    await deps.live.reached(revision, deps.catchUpMs);
  } catch (error) {
    if (error instanceof ViewBehindError) return revision;
    throw error;
  }
  const { view } = deps.live;
  const service = view.services.get(id);
  const flows = view.flowsByService.get(id);
  if (!service || view.nodeRecords.ofService(id).length > 0 || flows.length >= maxTxnOperations) return revision;
  const compare: Compare[] = [{ kind: 'mod-revision', key: service.key, revision: service.revision }];
  const operations: Operation[] = [{ kind: 'delete', key: service.key }];
  for (const flow of flows) {
    const entry = view.flows.get(flow);
    const key = keys.resource('tap_flows', flow);
    compare.push({ kind: 'mod-revision', key, revision: entry?.revision ?? 0 });
    operations.push({ kind: 'delete', key });
  }
  const result = await deps.store.transact({ compare, operations });
  return result.succeeded ? result.revision : revision;
}
