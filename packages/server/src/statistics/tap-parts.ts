import type { ResourceKind } from '@taas/model';
import { keys, statisticsCapability } from '@taas/model';
import type { Sliced } from '../slices/slices.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { TapRecord } from '../view/shelf.js';

/** What one node counts of a tap, or of the tap service that a flow leads to. */
export interface TapPart {
  readonly node: string;
  readonly kind: ResourceKind;
  readonly id: string;
}

/** Where a tap's figures are. */
export interface TapParts {
  readonly own: readonly TapPart[];
  /** Of a flow: what its tap service counts on the way of its copies. */
  readonly service: { readonly id: string; readonly parts: readonly TapPart[] } | null;
}

/** Members that are looked at in one step. */
const batch = 256;

/** Every node that was told of the tap, tombstones included: their last figures count. */
export function* tapParts(view: ClusterView, kind: ResourceKind, record: TapRecord): Sliced<TapParts> {
  const on = (of: ResourceKind, id: string, nodes: Iterable<string>): readonly TapPart[] =>
    [...new Set(nodes)].sort().map((node) => ({ node, kind: of, id }));
  const nodesOf = (entries: readonly { readonly node: string }[]) => entries.map(({ node }) => node);
  if (kind === 'tap_mirrors')
    return { own: on(kind, record.id, nodesOf(view.mirrors.publishedOf(record.id))), service: null };
  if (kind === 'tap_flows') {
    const own = nodesOf(view.nodeRecords.ofFlow(record.id));
    const id = 'tap_service_id' in record ? record.tap_service_id : '';
    const nodes = [...own, ...nodesOf(view.nodeRecords.ofTap('tap_services', id))];
    return { own: on(kind, record.id, own), service: { id, parts: on('tap_services', id, nodes) } };
  }
  const nodes = new Set<string>();
  let looked = 0;
  for (const { node } of view.nodeRecords.eachOfService(record.id)) {
    nodes.add(node);
    looked += 1;
    if (looked % batch === 0) yield;
  }
  return { own: on(kind, record.id, nodes), service: null };
}

export const keyOf = ({ node, kind, id }: TapPart): string => keys.statistics(node, kind, id);

/** Why a node has no figures of now. */
export type Silence =
  | 'agent_not_running'
  | 'agent_unreadable'
  | 'agent_without_statistics'
  | 'no_answer_yet'
  | 'counted_before'
  | 'record_unreadable'
  | 'too_many_nodes';

/** Why a node's agent cannot be asked; null if it can. */
export function whyNotAsked({ agents }: Pick<ClusterView, 'agents'>, node: string): Silence | null {
  const agent = agents.get(node);
  if (!agent) return 'agent_not_running';
  if (!agent.record) return 'agent_unreadable';
  return agent.record.capabilities.includes(statisticsCapability) ? null : 'agent_without_statistics';
}
