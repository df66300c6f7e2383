import { captureLeaseCodec, keys, nodeTapFlowCodec, nodeTapServiceCodec, segmentCodec } from '@taas/model';
import { atOnce, type Sliced } from '../slices/slices.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { NodeEntry } from '../view/node-record-index.js';
import type { Compiled, WantedRecord } from './compiled.js';
import { isGone, takeAway, tellNode } from './node-part.js';
import type { FlowEntry, ServiceSlice } from './service-slice.js';
import { guard, removal, type Step } from './step.js';
import { withTotals } from './tap-end.js';

/** What the plan looks up besides the slice. */
export type PlanContext = Pick<ClusterView, 'states' | 'agents' | 'flows'> &
  Partial<Pick<ClusterView, 'finals' | 'totals'>> & {
    /** No segment may be given back while a node record is there of which nobody can tell whose it is. */
    readonly holdSegments: boolean;
  };

/**
 * The writes that bring etcd from what it says to what it should say about one tap service: nodes told, taps taken away
 * in two steps (tombstone, then gone once the node has confirmed), deleted API records cascaded, segments given back
 * last. An empty plan means that all is as it should be, or that somebody else has to act first.
 */
export const planService = (slice: ServiceSlice, compiled: Compiled, context: PlanContext): readonly Step[] =>
  atOnce(planning(slice, compiled, context));

/** {@link planService}, in slices. */
export function* planning(slice: ServiceSlice, compiled: Compiled, context: PlanContext): Sliced<readonly Step[]> {
  if (compiled.frozen) return [];
  const steps = [...takeSegments(slice, compiled), ...mendSegments(slice, compiled)];
  yield;
  for (const part of [tellNodes, takeAwayAll, removeApiRecords]) {
    for (const step of part(slice, compiled, context)) {
      if (step) steps.push(step);
      yield;
    }
  }
  steps.push(...giveBackSegments(slice, context));
  return steps;
}

/** Steps as they are found; null where one tap more was looked at in vain. */
type Steps = Generator<Step | null, void, void>;

function takeSegments(slice: ServiceSlice, compiled: Compiled): Step[] {
  const value = segmentCodec.format({ v: 1, tap_service_id: slice.id });
  return compiled.segmentsNeeded.map((segment) => {
    const key = keys.segment(segment);
    return { compare: [{ kind: 'absent', key }, ...guard(slice.service)], operations: [{ kind: 'put', key, value }] };
  });
}

/** A segment's record that was spoilt says again whose it is, and the copies that travel by it never stop. */
function mendSegments(slice: ServiceSlice, compiled: Compiled): Step[] {
  const value = segmentCodec.format({ v: 1, tap_service_id: slice.id });
  return compiled.segmentsToMend.map(({ key, revision }) => ({
    compare: [{ kind: 'mod-revision', key, revision }, ...guard(slice.service)],
    operations: [{ kind: 'put', key, value }],
  }));
}

function* tellNodes(slice: ServiceSlice, compiled: Compiled): Steps {
  const flows = new Map<string, FlowEntry>();
  for (const flow of slice.flows) {
    flows.set(flow.record.id, flow);
    yield null;
  }
  for (const wanted of compiled.nodeRecords.values()) {
    const flow = wanted.kind === 'tap_flows' ? flows.get(wanted.id) : undefined;
    yield withLeased(tellNode(wanted, slice.nodeRecords.get(wanted.key), [slice.service, flow]), wanted);
  }
}

/** What lets the node do its part goes with the record, in one transaction: it fails if the receiver is gone, and its lease with it. */
function withLeased(step: Step | null, { leased }: WantedRecord): Step | null {
  if (!step || !leased) return step;
  const value = captureLeaseCodec.format({ v: 1 });
  return { ...step, operations: [...step.operations, { kind: 'put', key: leased.key, value, lease: leased.lease }] };
}

function* takeAwayAll(slice: ServiceSlice, compiled: Compiled, context: PlanContext): Steps {
  for (const current of slice.nodeRecords.values())
    yield compiled.nodeRecords.has(current.key)
      ? null
      : takeAway(current, () => tombstone(slice, current, context), context);
}

/** The record rewritten to say that nothing of it may be left, or null if it is malformed and cannot be told from others. */
function tombstone(slice: ServiceSlice, current: NodeEntry, context: PlanContext): string | null {
  if (current.record) return JSON.stringify({ ...current.record, removed: true });
  const service = slice.service?.record;
  if (current.kind === 'tap_services') {
    if (service?.port_id === undefined) return null;
    const { id, project_id, port_id } = service;
    return nodeTapServiceCodec.format({ v: 1, id, project_id, removed: true, port_id, inputs: [] });
  }
  const flow = context.flows.get(current.id)?.record;
  if (!flow) return null;
  const { id, project_id, tap_service_id, source_port, direction, vlan_filter } = flow;
  const what = { v: 1, id, project_id, removed: true, tap_service_id, source_port, direction, vlan_filter } as const;
  return nodeTapFlowCodec.format({ ...what, filter: [], target: { type: 'local' } });
}

/** Deleted taps leave the API once each node that can answer has confirmed; a silent one still holds the segment. */
function* removeApiRecords(slice: ServiceSlice, _compiled: Compiled, context: PlanContext): Steps {
  // Without its service, a flow was not seen to be of it when the service was deleted: its record was malformed then.
  const cascade = slice.service === undefined || slice.service.record?.deleting === true;
  const byFlow = new Map<string, NodeEntry[]>();
  let allGone = true;
  for (const entry of slice.nodeRecords.values()) {
    allGone &&= isGone([entry], context);
    if (entry.kind === 'tap_flows') byFlow.set(entry.id, [...(byFlow.get(entry.id) ?? []), entry]);
    yield null;
  }
  for (const entry of slice.flows) {
    const goes = (cascade || entry.record.deleting) && isGone(byFlow.get(entry.record.id) ?? [], context);
    allGone &&= goes === true;
    yield goes ? withTotals(flowRemoval(slice, entry), 'tap_flows', entry.record.id, context) : null;
  }
  if (cascade && slice.service && allGone) yield withTotals(removal(slice.service), 'tap_services', slice.id, context);
}

function flowRemoval(slice: ServiceSlice, flow: FlowEntry): Step {
  const step = removal(flow);
  if (slice.service) return step;
  return { ...step, compare: [...step.compare, { kind: 'absent', key: keys.resource('tap_services', slice.id) }] };
}

/**
 * A segment is free again only when the service is gone and no node has a record of it, live or tombstone: a node that
 * has not confirmed may still send to it, or listen on it.
 */
function giveBackSegments(slice: ServiceSlice, context: PlanContext): Step[] {
  if (slice.service || slice.nodeRecords.size > 0 || slice.flows.length > 0 || context.holdSegments) return [];
  return slice.held.map(({ key, revision }) => ({
    compare: [
      { kind: 'mod-revision', key, revision },
      { kind: 'absent', key: keys.resource('tap_services', slice.id) },
    ],
    operations: [{ kind: 'delete', key }],
  }));
}
