import { keys, type TapFlowRecord } from '@taas/model';
import { planBinding } from '../../compiler/plan-binding.js';
import { planRoleRemoval } from '../../compiler/port-role-removal.js';
import { hasTotals } from '../../compiler/tap-end.js';
import type { AtOnce, RemovalDeps } from '../removal/at-once.js';

/**
 * Removes a flow that no node has been told of, with what is written of its port if it was the port's last; the leader would take
 * that away too, in transactions more. Should the compiler be telling a node right now, it will find the flow gone and take it back.
 */
export async function removeUnpublishedFlow(
  { store, live }: RemovalDeps,
  { id, source_port: port }: TapFlowRecord,
  revision: number,
  attempt: number,
): Promise<AtOnce> {
  const { view } = live;
  if (view.nodeRecords.ofFlow(id).length > 0 || hasTotals(view, 'tap_flows', id)) return 'mark';
  const key = keys.resource('tap_flows', id);
  const release = attempt === 0 ? [...planRoleRemoval(view, port, id), ...planBinding(view, port, undefined, id)] : [];
  const result = await store.transact({
    compare: [{ kind: 'mod-revision', key, revision }, ...release.flatMap(({ compare }) => compare)],
    operations: [{ kind: 'delete', key }, ...release.flatMap(({ operations }) => operations)],
  });
  return result.succeeded ? result.revision : 'again';
}
