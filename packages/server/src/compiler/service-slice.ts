import type { TapFlowRecord, TapServiceRecord } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';
import type { Entry, NodeEntry } from '../view/entry.js';
import type { HeldSegment } from '../view/segment-ledger.js';
import { pickSegment, type SegmentChoice } from './pick-segment.js';
import type { SegmentOption, SegmentPolicy } from './segment-options.js';

/** What is known of a node's way out. `known` is false while its agent is silent or not connected to VPP. */
export interface NodeFacts {
  readonly known: boolean;
  /** Whether the node's agent holds its lease. */
  readonly alive: boolean;
  readonly hasPhysnet: (physnet: string) => boolean;
  readonly tunnelAddress: string | null;
}

export type PortPlace =
  | { readonly node: string; readonly projectId: string | null }
  /** Why the port is nowhere: a sentence for the tenant. */
  | { readonly obstacle: string };

export interface FlowEntry extends Entry<TapFlowRecord> {
  readonly record: TapFlowRecord;
}

/** All that one tap service depends on, and nothing else: the compiler's unit of work. */
export interface ServiceSlice {
  readonly id: string;
  readonly service: Entry<TapServiceRecord> | undefined;
  /** The service's flows, in the order of their ids. */
  readonly flows: readonly FlowEntry[];
  /** By key: what nodes have been told about the service and its flows, tombstones included. */
  readonly nodeRecords: ReadonlyMap<string, NodeEntry>;
  /** Flows whose API record is there but malformed: what stands for them is left as it is. */
  readonly unreadableFlows: ReadonlySet<string>;
  readonly held: readonly HeldSegment[];
  readonly options: readonly SegmentOption[];
  place(port: string): PortPlace;
  node(name: string): NodeFacts;
  segment(option: SegmentOption, project: string): SegmentChoice;
}

/** Cuts one tap service's slice out of the view; costs what the service has, not what the cluster has. */
export function sliceOf(view: ClusterView, policy: SegmentPolicy, id: string): ServiceSlice {
  const told = view.nodeRecords.ofService(id);
  const segments = new Map<SegmentOption, SegmentChoice>();
  const unreadable = told.filter((entry) => entry.kind === 'tap_flows' && view.flows.get(entry.id)?.record === null);
  return {
    id,
    service: view.services.get(id),
    flows: [...view.flowsByService.get(id)].sort().flatMap((flow) => {
      const entry = view.flows.get(flow);
      return entry?.record ? [{ ...entry, record: entry.record }] : [];
    }),
    nodeRecords: new Map(told.map((entry) => [entry.key, entry])),
    unreadableFlows: new Set(unreadable.map((entry) => entry.id)),
    held: view.segments.ofService(id),
    options: policy.options,
    place: (port) => placeOf(view, port),
    node: (name) => nodeFacts(view, name),
    segment: (option, project) => {
      const choice = segments.get(option) ?? pickSegment(view.segments, policy, option, { id, project });
      segments.set(option, choice);
      return choice;
    },
  };
}

function placeOf(view: ClusterView, port: string): PortPlace {
  const binding = view.binding(port);
  if (binding) return { node: binding.node, projectId: binding.entry.record?.projectId ?? null };
  const malformed = view.bindings.has(port);
  return {
    obstacle: malformed ? `the binding of port ${port} in etcd is malformed` : `port ${port} is not bound to a node`,
  };
}

export function nodeFacts(view: ClusterView, name: string): NodeFacts {
  const agent = view.agents.get(name)?.record ?? null;
  const known = agent !== null && agent.vpp_version !== null;
  return {
    known,
    alive: agent !== null,
    // A live agent knows which uplinks it has found in VPP; without one, networking-vpp's own word has to do.
    hasPhysnet: (physnet) => (known ? agent.physnets.includes(physnet) : view.physnets.has(name, physnet)),
    tunnelAddress: known ? agent.tunnel_address : null,
  };
}
