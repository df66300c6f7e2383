import { deriveStatus, keys, type NodeTapFlow, type ResourceKind } from '@taas/model';
import type { Access } from '../../auth/access.js';
import type { Caller } from '../../auth/authenticator.js';
import { words } from '../../errors/neutron-error.js';
import type { ClusterView } from '../../view/cluster-view.js';
import { plannedView } from '../../view/planned-view.js';
import { ownerOf } from '../../view/port-owner.js';
import { shelf, type TapRecord } from '../../view/shelf.js';
import { tapKinds } from '../tap-kinds.js';
import type { FlowLink, NodeChange } from './compiled-change.js';
import { type CopySize, flowCopySize, mirrorCopySize } from './copy-size.js';
import { directionOf, forecastBy } from './forecast.js';
import { type QuotaAfter, type QuotasDeps, quotasAfter } from './quotas-after.js';
import type { PlannedChange } from './tap-planner.js';
import { told } from './told.js';

/** What one answer tells of nodes, and of other taps of one port: what one request may cost. */
export const planLimits = { nodes: 200, taps: 100 } as const;

/** What a server cannot know of a change, each with the reason. */
const unknown = {
  rates:
    'the rate of a port is counted by the taps that it has: where counted_by names one, ask for its statistics twice',
  underlay_mtu:
    "the MTU of the network between nodes is VPP's: where it is too small for a mirror, the status says mtu_too_small",
  budget: 'the budgets for copies are those of each agent: a tap that is over one is ERROR with over_budget',
  vpp: "what a node's VPP has is known to its agent alone: steps are what the node is told",
} as const;
export const planUnknowns = Object.keys(unknown);

/** What the API answers to a plan: docs/reference/api.md. */
export interface PlanAnswer {
  readonly change: 'create' | 'delete';
  readonly kind: string;
  /** Whether it would change anything. */
  readonly changes: boolean;
  readonly taps: readonly PlannedTap[];
  readonly nodes: readonly {
    readonly node: string;
    readonly kind: string;
    readonly id: string | null;
    readonly change: NodeChange['change'];
    readonly steps: readonly string[];
  }[];
  readonly nodes_in_all: number;
  readonly quotas: readonly QuotaAfter[] | null;
  readonly unknown: readonly { readonly what: string; readonly reason: string }[];
}

export interface PlannedTap {
  /** Null of one that is to be made. */
  readonly id: string | null;
  readonly name: string;
  readonly project_id: string;
  /** What it will have, as far as servers know; null of one that goes at once. */
  readonly status: string | null;
  readonly status_code: string | null;
  readonly status_reason: string;
  readonly copying: Copying | null;
}

/** How a tap that is to be made copies; null of a tap service, and where it cannot. */
export interface Copying {
  readonly transport: { readonly type: string; readonly takes_segment: boolean; readonly link?: object } | null;
  readonly size: (CopySize & { readonly underlay_mtu: null }) | null;
  readonly same_port: readonly {
    readonly kind: string;
    readonly id: string;
    readonly project_id: string;
    readonly direction: string;
    readonly same_service: boolean;
  }[];
  readonly same_port_in_all: number;
  readonly forecast: {
    readonly packets_per_second: null;
    readonly bits_per_second: null;
    readonly counted_by: { readonly kind: string; readonly id: string } | null;
  };
}

/** A planned change as the API shows it. Whoever may make the change is told no more than what its tap would show. */
export function planAnswer(deps: QuotasDeps, plan: PlannedChange, caller: Caller): PlanAnswer {
  const { change, kind, records, operations, compiled } = plan;
  const planned = plannedView(deps.view, operations);
  const made = new Set(change === 'create' ? records.map(({ id }) => id) : []);
  const named = (id: string) => (made.has(id) ? null : id);
  return {
    change,
    kind: words[kind].resource,
    changes: operations.length > 0,
    taps: records.map((record) => ({
      id: named(record.id),
      name: record.name,
      project_id: record.project_id,
      ...(change === 'create' ? statusMade(plan, record) : statusGone(deps, plan, record)),
      copying: change === 'delete' || kind === 'tap_services' ? null : copying(deps, planned, plan, record, caller),
    })),
    nodes: compiled.nodes.slice(0, planLimits.nodes).map((each) => nodeChange(each, named, caller)),
    nodes_in_all: compiled.nodes.length,
    quotas: quotasAfter(deps, plan, caller),
    unknown: Object.entries(unknown).map(([what, reason]) => ({ what, reason })),
  };
}

function nodeChange(
  each: NodeChange,
  named: (id: string) => string | null,
  caller: Caller,
): PlanAnswer['nodes'][number] {
  const { node, kind, id, change } = each;
  return { node, kind: words[kind].resource, id: named(id), change, steps: told(each, caller.isAdmin) };
}

type PlannedStatus = Pick<PlannedTap, 'status' | 'status_code' | 'status_reason'>;

function statusMade({ compiled }: PlannedChange, { id }: TapRecord): PlannedStatus {
  const { status = null, code = null, reason = '' } = compiled.statuses.get(id) ?? {};
  return { status, status_code: code, status_reason: reason };
}

function statusGone({ view }: QuotasDeps, { kind, operations }: PlannedChange, { id }: TapRecord): PlannedStatus {
  const key = keys.resource(kind, id);
  const goesAtOnce = operations.some((each) => each.kind === 'delete' && each.key === key);
  if (goesAtOnce) return { status: null, status_code: null, status_reason: '' };
  const parts = shelf(view, kind)
    .publishedOf(id)
    .map(({ node, revision }) => ({ node, wantedRevision: revision, state: null, agentAlive: true }));
  const { status, code, reason } = deriveStatus({ deleting: true, blocker: null, parts });
  return { status, status_code: code, status_reason: reason };
}

function copying(
  { view, access }: QuotasDeps,
  planned: ClusterView,
  { kind, compiled }: PlannedChange,
  record: TapRecord,
  caller: Caller,
): Copying | null {
  const port = tapKinds[kind].portOf(record);
  if (port === null) return null;
  const place = planned.places.of(port);
  const mtu = place.is === 'bound' ? place.mtu : null;
  const link = compiled.links.get(record.id);
  const size = 'mirror_type' in record ? mirrorCopySize(record, mtu) : link ? flowCopySize(link.target, mtu) : null;
  const owner = planned.portRoles.get(port)?.record?.project_id ?? ownerOf(view, port);
  const others = othersOf(view, access, port, owner, caller);
  return {
    transport: transportOf(record, link, caller),
    size: size && { ...size, underlay_mtu: null },
    same_port: others.slice(0, planLimits.taps).map(({ kind: of, record: other }) => ({
      kind: words[of].resource,
      id: other.id,
      project_id: other.project_id,
      direction: directionOf(other),
      same_service: serviceOf(other) !== null && serviceOf(other) === serviceOf(record),
    })),
    same_port_in_all: others.length,
    forecast: {
      packets_per_second: null,
      bits_per_second: null,
      counted_by: forecastBy(access, directionOf(record), others.filter(counts(view)), caller),
    },
  };
}

function transportOf(record: TapRecord, link: FlowLink | undefined, caller: Caller): Copying['transport'] {
  if ('mirror_type' in record) return { type: record.mirror_type, takes_segment: false };
  if (!link) return null;
  return {
    type: link.target.type,
    takes_segment: link.takesSegment,
    // Segments and addresses between nodes are the operator's.
    ...(caller.isAdmin && link.target.type !== 'local' ? { link: withoutType(link.target) } : {}),
  };
}

function withoutType({ type: _, ...link }: Exclude<NodeTapFlow['target'], { type: 'local' }>): object {
  return link;
}

/** A tap that copies the port already. */
export interface Other {
  readonly kind: ResourceKind;
  readonly record: TapRecord;
}

/** Taps of the same port, as `GET /v2.0/taas/tapped_ports` would show them once the tap is made. */
function othersOf(view: ClusterView, access: Access, port: string, owner: string | null, caller: Caller): Other[] {
  if (!caller.seesAllProjects && owner !== caller.projectId) return [];
  if (!access.seesTappedPort(owner, caller)) return [];
  const of = (kind: ResourceKind, ids: Iterable<string>): Other[] =>
    [...ids].flatMap((id) => {
      const record = shelf(view, kind).byId.get(id)?.record;
      return record && record.deleting !== true ? [{ kind, record }] : [];
    });
  return [...of('tap_flows', view.flowsByPort.members(port)), ...of('tap_mirrors', view.mirrors.byPort.members(port))];
}

/** Whether it copies now: one that does not says nothing of what its port has. */
const counts =
  (view: ClusterView) =>
  ({ kind, record }: Other): boolean => {
    const parts = shelf(view, kind).publishedOf(record.id);
    const isActive = (node: string) => view.states.get({ node, kind, id: record.id })?.record?.status === 'ACTIVE';
    return parts.length > 0 && [...parts].every(({ node }) => isActive(node));
  };

const serviceOf = (record: TapRecord): string | null => ('tap_service_id' in record ? record.tap_service_id : null);
