import { keys, type ResourceKind } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';
import type { Step } from './step.js';

/** What a tap's nodes have counted goes with the tap. */
export function withTotals(
  step: Step,
  kind: ResourceKind,
  id: string,
  { totals }: Partial<Pick<ClusterView, 'totals'>>,
): Step {
  const key = keys.statisticsTotals(kind, id);
  return totals?.has(key) ? { ...step, operations: [...step.operations, { kind: 'delete', key }] } : step;
}

/** Whether figures of a tap are kept, so that its end is the compiler's work. */
export function hasTotals({ totals }: Pick<ClusterView, 'totals'>, kind: ResourceKind, id: string): boolean {
  return totals.has(keys.statisticsTotals(kind, id));
}
