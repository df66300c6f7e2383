import { isDeepStrictEqual } from 'node:util';
import {
  type Because,
  because,
  captureCapability,
  receiptCapability,
  type TapFlowRecord,
  type TapServiceRecord,
  type TapState,
} from '@taas/model';
import { mergeSorted } from '../slices/merge-sort.js';
import { atOnce, type Sliced } from '../slices/slices.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { Entry, ServiceKind } from '../view/entry.js';
import type { NodeEntry } from '../view/node-record-index.js';
import type { VlanRange, VlanStanding } from '../view/physnet-index.js';
import type { HeldSegment } from '../view/segment-ledger.js';
import type { TapPart } from '../view/tap-part.js';
import { pickSegment, type SegmentChoice } from './pick-segment.js';
import { type Ownership, ownership } from './port-owner.js';
import type { SegmentOption, SegmentPolicy } from './segment-options.js';
import type { SegmentsHeld } from './segments-in-hand.js';

/** What is known of a node's way out. `known` is false while its agent is silent or not connected to VPP. */
export interface NodeFacts {
  readonly known: boolean;
  /** Whether the node's agent holds its lease. */
  readonly alive: boolean;
  /** There is a record of the node's agent, and it cannot be used. */
  readonly unreadable: boolean;
  readonly hasPhysnet: (physnet: string) => boolean;
  readonly tunnelAddress: string | null;
  /** Whether its agent takes captures away whose receiver is gone. */
  readonly endsCaptures: boolean;
  /** Whether its agent lets receipts in. */
  readonly takesReceipts: boolean;
}

export type TapPlace =
  /** `mtu` is undefined where nobody knows the place, and null where whoever knows it does not say that. */
  | { readonly node: string; readonly mtu: number | null | undefined }
  /** Why the port is nowhere: a sentence for the tenant. */
  | { readonly blocker: Because };

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
  /** From where receipts come; null: nobody sends any. */
  readonly receiptSender: string | null;
  /** Those of them that are about one tap. */
  published(kind: ServiceKind, tap: string): readonly NodeEntry[];
  /** What a record's node last said of it; null if that is nothing, or its agent is silent. */
  heard(published: NodeEntry): TapState | null;
  /** Whether the node of a record has said something of it that cannot be read. */
  unreadable(published: NodeEntry): boolean;
  /** Whether a node's agent holds its lease. */
  alive(node: string): boolean;
  /** Whether a port is of a tap's own project. */
  owner(port: string, tap: { readonly project_id: string }): Ownership;
  /**
   * Where the port of a tap is. If nobody knows that, or whose the port is, it is where the tap stands, so that nothing is torn down
   * for that.
   */
  place(port: string, owner: Ownership, kind: ServiceKind, tap: string): TapPlace;
  node(name: string): NodeFacts;
  segment(option: SegmentOption, project: string): SegmentChoice;
  /** Whether segments would be chosen now as they have been: while work goes on in slices, others may take what was free. */
  choicesHold(): boolean;
  /** Whether copies may travel by the option's VLANs. */
  vlans(option: VlanRange): VlanStanding;
}

/** Cuts one tap service's slice out of the view; costs what the service has, not what the cluster has. */
export const sliceOf = (view: ClusterView, policy: SegmentPolicy, id: string): ServiceSlice =>
  atOnce(cutting(view, policy, id));

/**
 * {@link sliceOf}, in slices of another kind: those of time. What the view has of the service must not change meanwhile.
 * @param segmentsHeld as the view says if absent
 */
export function* cutting(
  view: ClusterView,
  policy: SegmentPolicy,
  id: string,
  segmentsHeld: SegmentsHeld = view.segments,
): Sliced<ServiceSlice> {
  const published = (kind: ServiceKind, tap: string) => view.nodeRecords.ofTap(kind, tap);
  const choices = new Map<SegmentOption, { readonly project: string; readonly choice: SegmentChoice }>();
  const choose = (option: SegmentOption, project: string) =>
    pickSegment(segmentsHeld, policy, option, { id, project, uses: used.of(option) });
  const unreadable: string[] = [];
  const nodeRecords = new Map<string, NodeEntry>();
  const used = new UsedSegments();
  for (const entry of view.nodeRecords.eachOfService(id)) {
    used.add(entry);
    if (entry.kind === 'tap_flows' && view.flows.get(entry.id)?.record === null) unreadable.push(entry.id);
    nodeRecords.set(entry.key, entry);
    yield;
  }
  const flows: FlowEntry[] = [];
  for (const flow of yield* mergeSorted(view.flowsByService.get(id), (a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    const entry = view.flows.get(flow);
    if (isReadable(entry)) flows.push(entry);
    yield;
  }
  return {
    id,
    service: view.services.get(id),
    flows,
    nodeRecords,
    unreadableFlows: new Set(unreadable),
    held: view.segments.ofService(id),
    options: policy.options,
    receiptSender: view.receiptSender?.record?.address ?? null,
    published,
    heard: (entry) => heard(view, entry),
    unreadable: (entry) => isUnreadable(view, entry),
    alive: (node) => isAlive(view, node),
    owner: (port, tap) => ownership(view, port, tap),
    place: (port, owner, kind, tap) => {
      const standing = published(kind, tap).filter((entry) => !entry.record?.removed);
      return placeOf(view, port, owner, standing);
    },
    node: (name) => nodeFacts(view, name),
    vlans: (option) => view.physnets.standing(option),
    segment: (option, project) => {
      const choice = choices.get(option)?.choice ?? choose(option, project);
      choices.set(option, { project, choice });
      return choice;
    },
    choicesHold: () =>
      [...choices].every(([option, { project, choice }]) => isDeepStrictEqual(choose(option, project), choice)),
  };
}

const isReadable = (entry: Entry<TapFlowRecord> | undefined): entry is FlowEntry =>
  entry != null && entry.record !== null;

/** The segments that records of nodes name, each once. */
class UsedSegments {
  readonly #byPool = new Map<string, Set<number>>();

  add({ record }: NodeEntry): void {
    if (!record) return;
    const own = 'inputs' in record ? [...record.inputs, ...(record.receipts ? [record.receipts] : [])] : null;
    const links = own ?? ('target' in record && record.target.type !== 'local' ? [record.target] : []);
    for (const link of links) {
      if (link.type === 'vlan') this.#add(poolOf(link.type, link.physnet), link.vlan);
      else this.#add(poolOf(link.type, null), link.vni);
    }
  }

  of(option: SegmentOption): number[] {
    return [...(this.#byPool.get(poolOf(option.type, option.type === 'vlan' ? option.physnet : null)) ?? [])];
  }

  #add(pool: string, id: number): void {
    const ids = this.#byPool.get(pool) ?? new Set();
    this.#byPool.set(pool, ids.add(id));
  }
}

const poolOf = (type: SegmentOption['type'], physnet: string | null): string => `${type}/${physnet ?? '-'}`;

/**
 * Where a port is bound, for a tap.
 * @param standing what nodes have been told of its tap: where that stands the port is, if nobody knows that, or whose it is
 */
export function placeOf(
  view: ClusterView,
  port: string,
  owner: Ownership,
  standing: readonly Pick<NodeEntry, 'node' | 'revision'>[],
): TapPlace {
  const place = view.places.of(port);
  if (place.is === 'bound' && owner === 'own') return place;
  if (place.is === 'unbound') return { blocker: because('port_not_bound', place.reason) };
  const [last] = [...standing].sort((a, b) => b.revision - a.revision);
  if (last) return { node: last.node, mtu: undefined };
  return {
    blocker:
      place.is === 'bound'
        ? because('port_owner_unknown', `Neutron has not told yet whose port ${port} is`)
        : because('port_binding_unknown', `nobody has told yet where port ${port} is bound`),
  };
}

/** What a record's node last said of it; null if that is nothing, or its agent is silent. */
export function heard(view: Pick<ClusterView, 'states' | 'agents'>, at: TapPart): TapState | null {
  return isAlive(view, at.node) ? (view.states.get(at)?.record ?? null) : null;
}

/** Whether a record's node has said something of it that cannot be read. */
export function isUnreadable(view: Pick<ClusterView, 'states'>, at: TapPart): boolean {
  return view.states.get(at)?.record === null;
}

/** Whether a node's agent holds its lease. */
export function isAlive(view: Pick<ClusterView, 'agents'>, node: string): boolean {
  return view.agents.get(node)?.record != null;
}

export function nodeFacts(view: ClusterView, name: string): NodeFacts {
  const agent = view.agents.get(name)?.record ?? null;
  const known = agent !== null && agent.vpp_version !== null;
  return {
    known,
    alive: agent !== null,
    unreadable: view.agents.get(name)?.record === null,
    hasPhysnet: (physnet) => known && agent.physnets.includes(physnet),
    tunnelAddress: known ? agent.tunnel_address : null,
    endsCaptures: agent?.capabilities.includes(captureCapability) === true,
    takesReceipts: agent?.capabilities.includes(receiptCapability) === true,
  };
}
