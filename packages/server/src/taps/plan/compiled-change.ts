import {
  deriveStatus,
  keys,
  type NodePart,
  type NodeTapFlow,
  nodeTapFlowCodec,
  type ResourceKind,
  type StatusView,
} from '@taas/model';
import { compileMirror, type MirrorRules } from '../../compiler/compile-mirror.js';
import { compiling } from '../../compiler/compile-service.js';
import type { Compiled, WantedRecord } from '../../compiler/compiled.js';
import type { SegmentPolicy } from '../../compiler/segment-options.js';
import { cutting, isAlive } from '../../compiler/service-slice.js';
import type { Sliced } from '../../slices/slices.js';
import type { ClusterView } from '../../view/cluster-view.js';
import { shelf } from '../../view/shelf.js';
import type { Touched } from './touched.js';

/** What a node is told otherwise than now. */
export interface NodeChange {
  readonly node: string;
  readonly kind: ResourceKind;
  readonly id: string;
  /** `add`: it has no part in the tap yet; `remove`: nothing of the tap stays there. */
  readonly change: 'add' | 'change' | 'remove';
  /** The record that the node is told; of a removal the one that it has. */
  readonly value: string;
  /** What it replaces; null if nothing. */
  readonly before: string | null;
}

/** How the copies of a flow get to its collector. */
export interface FlowLink {
  readonly target: NodeTapFlow['target'];
  /** Whether a VLAN or VNI has to be taken for it that the tap service does not hold. */
  readonly takesSegment: boolean;
}

export interface CompiledChange {
  readonly nodes: readonly NodeChange[];
  /** By id, of the taps that were asked about: what the status will be, as far as servers know. */
  readonly statuses: ReadonlyMap<string, StatusView>;
  /** By id of a flow that is placed. */
  readonly links: ReadonlyMap<string, FlowLink>;
}

export interface CompilerRules {
  readonly policy: SegmentPolicy;
  readonly mirrors: MirrorRules;
}

/**
 * What a change comes to for nodes: the compiler's own functions over the view as it is and as it would be, and what differs. Between
 * two slices the view must not change about what is touched.
 * @param taps whose statuses are wanted
 */
export function* compiledChange(
  view: ClusterView,
  planned: ClusterView,
  rules: CompilerRules,
  touched: Touched,
  taps: ReadonlySet<string>,
): Sliced<CompiledChange> {
  const nodes: NodeChange[] = [];
  const statuses = new Map<string, StatusView>();
  const links = new Map<string, FlowLink>();
  for (const id of touched.services) {
    const before = yield* compiling(yield* cutting(view, rules.policy, id));
    const after = yield* compiling(yield* cutting(planned, rules.policy, id));
    yield* differences(view, before.nodeRecords, after.nodeRecords, nodes);
    const concerned = yield* recordsOf(after, new Set([...taps, id]));
    for (const tap of taps) {
      const status = statusOf(planned, after, concerned, id, tap);
      if (status) statuses.set(tap, status);
    }
    for (const [tap, link] of yield* linksOf(after, taps)) links.set(tap, link);
  }
  for (const id of touched.mirrors) {
    const [before, after] = [view, planned].map((each) => compileMirror(each, rules.mirrors, id));
    if (!before || !after) continue;
    const byKey = (records: readonly WantedRecord[]) => new Map(records.map((each) => [each.key, each]));
    yield* differences(view, byKey(before.records), byKey(after.records), nodes);
    if (!taps.has(id)) continue;
    const { blocker, lasting, records } = after;
    const parts = records.filter(({ leaving }) => !leaving).map((each) => partOf(planned, each));
    statuses.set(id, lasting && blocker ? { status: 'ERROR', ...blocker } : { ...derived(parts, blocker) });
    yield;
  }
  return { nodes, statuses, links };
}

/** @param found gets them: of a large tap service they are many */
function* differences(
  view: ClusterView,
  before: ReadonlyMap<string, WantedRecord>,
  after: ReadonlyMap<string, WantedRecord>,
  found: NodeChange[],
): Sliced<void> {
  const told = (wanted: WantedRecord) => {
    const entry = shelf(view, wanted.kind).published(wanted);
    return entry && !entry.record?.removed ? entry.value : null;
  };
  for (const wanted of after.values()) {
    yield;
    const { node, kind, id, value, key } = wanted;
    if (before.get(key)?.value === value) continue;
    const stands = told(wanted);
    found.push({ node, kind, id, value, before: stands, change: stands === null ? 'add' : 'change' });
  }
  for (const wanted of before.values()) {
    yield;
    const stands = told(wanted);
    if (after.has(wanted.key) || stands === null) continue;
    const { node, kind, id } = wanted;
    found.push({ node, kind, id, value: stands, before: stands, change: 'remove' });
  }
}

/** What nodes are to do about some taps, by id; without what is done only until another node does it. */
function* recordsOf({ nodeRecords }: Compiled, taps: ReadonlySet<string>): Sliced<ReadonlyMap<string, WantedRecord[]>> {
  const found = new Map<string, WantedRecord[]>();
  for (const record of nodeRecords.values()) {
    yield;
    if (record.leaving || !taps.has(record.id)) continue;
    found.set(record.id, [...(found.get(record.id) ?? []), record]);
  }
  return found;
}

/** Null if the tap is none of the service's, or the service is one that was not asked about. */
function statusOf(
  view: ClusterView,
  { blockers }: Compiled,
  concerned: ReadonlyMap<string, readonly WantedRecord[]>,
  service: string,
  tap: string,
): StatusView | null {
  const isService = tap === service;
  if (!isService && view.flows.get(tap)?.record?.tap_service_id !== service) return null;
  const blocker = (isService ? null : blockers.flows.get(tap)) ?? blockers.service;
  if (blockers.lasting.has(tap) && blocker) return { status: 'ERROR', ...blocker };
  // A flow stands only if the collector's node does its part, too.
  const parts = [service, ...(isService ? [] : [tap])].flatMap((id) => concerned.get(id) ?? []);
  return derived(
    parts.map((each) => partOf(view, each)),
    blocker,
  );
}

const derived = (parts: readonly NodePart[], blocker: Parameters<typeof deriveStatus>[0]['blocker']) =>
  deriveStatus({ deleting: false, blocker, parts });

/** A node that does what it is told, unless it has said otherwise of the tap, or nobody hears it. */
function partOf(view: ClusterView, wanted: WantedRecord): NodePart {
  const { node } = wanted;
  const entry = view.states.get(wanted);
  const said = entry?.record;
  const good = { status: 'ACTIVE', status_code: 'ok', reason: '' } as const;
  const { status, status_code, reason } = said && said.status !== 'REMOVED' ? said : good;
  return {
    node,
    wantedRevision: 1,
    agentAlive: isAlive(view, node),
    stateUnreadable: entry?.record === null,
    agentUnreadable: view.agents.get(node)?.record === null,
    state: { revision: 1, status, ...(status_code === undefined ? {} : { status_code }), reason },
  };
}

function* linksOf(compiled: Compiled, taps: ReadonlySet<string>): Sliced<Map<string, FlowLink>> {
  const needed = new Set(compiled.segmentsNeeded.map(keys.segment));
  const links = new Map<string, FlowLink>();
  for (const { kind, id, key, value, leaving } of compiled.nodeRecords.values()) {
    yield;
    if (kind !== 'tap_flows' || leaving || !taps.has(id)) continue;
    const { target } = nodeTapFlowCodec.parse(key, value);
    links.set(id, { target, takesSegment: segmentOf(target).some((segment) => needed.has(segment)) });
  }
  return links;
}

function segmentOf(target: NodeTapFlow['target']): string[] {
  if (target.type === 'local') return [];
  if (target.type === 'vlan') return [keys.segment({ type: 'vlan', physnet: target.physnet, id: target.vlan })];
  return [keys.segment({ type: 'vxlan', physnet: null, id: target.vni })];
}
