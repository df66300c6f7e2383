import type { Sliced } from '../slices/slices.js';
import type { ClusterView } from '../view/cluster-view.js';

/** What is summed of a node's taps. */
export interface NodeTaps {
  /** Of which the node says how they are. */
  readonly told: number;
  readonly active: number;
}

/** So many records are looked at before others have their turn. */
const batch = 200;

/** By node, how many taps it tells of; those that have gone are none. */
export function* tapsByNode(view: Pick<ClusterView, 'states'>): Sliced<ReadonlyMap<string, NodeTaps>> {
  const sums = new Map<string, NodeTaps>();
  let looked = 0;
  for (const { node, record } of view.states.all()) {
    if (++looked % batch === 0) yield;
    if (record === null || record.status === 'REMOVED') continue;
    const { told, active } = sums.get(node) ?? { told: 0, active: 0 };
    sums.set(node, { told: told + 1, active: active + (record.status === 'ACTIVE' ? 1 : 0) });
  }
  return sums;
}
