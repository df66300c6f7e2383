import { keys, nodeTapFlowCodec, nodeTapServiceCodec, type ResourceKind, segmentCodec } from '@taas/model';
import type { Compare, Operation } from '@taas/store';
import { atOnce, type Sliced } from '../slices/slices.js';
import type { ClusterView } from '../view/cluster-view.js';
import type { Entry, NodeEntry } from '../view/entry.js';
import type { Compiled } from './compile-service.js';
import { type FlowEntry, isAlive, type ServiceSlice } from './service-slice.js';

/** A write and what must still be true for it. Steps go out in order; several may share a transaction. */
export interface Step {
  readonly compare: readonly Compare[];
  readonly operations: readonly Operation[];
}

/** What the plan looks up besides the slice. */
export type PlanContext = Pick<ClusterView, 'states' | 'agents' | 'flows'> & {
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
  for (const part of [tellNodes, takeAway, removeApiRecords]) {
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
    const current = slice.nodeRecords.get(wanted.key);
    if (current?.value === wanted.value) {
      yield null;
      continue;
    }
    const { key, value } = wanted;
    yield {
      compare: [
        current ? { kind: 'mod-revision', key, revision: current.revision } : { kind: 'absent', key },
        // A node must not be told of a tap that was deleted meanwhile.
        ...guard(slice.service),
        ...guard(wanted.kind === 'tap_flows' ? flows.get(wanted.id) : undefined),
      ],
      operations: [{ kind: 'put', key, value }],
    };
  }
}

function* takeAway(slice: ServiceSlice, compiled: Compiled, context: PlanContext): Steps {
  for (const current of slice.nodeRecords.values())
    yield compiled.nodeRecords.has(current.key) ? null : takenAway(slice, current, context);
}

/** The next step towards a node's record being gone; null if somebody else has to act first. */
function takenAway(slice: ServiceSlice, current: NodeEntry, context: PlanContext): Step | null {
  const { key, revision } = current;
  if (!current.record?.removed) {
    const value = tombstone(slice, current, context);
    if (value === null) return null;
    return { compare: [{ kind: 'mod-revision', key, revision }], operations: [{ kind: 'put', key, value }] };
  }
  if (!confirmed(current, context)) return null;
  const stateKey = keys.stateResource(current.node, current.kind, current.id);
  const state = context.states.get(stateKey);
  return {
    compare: [{ kind: 'mod-revision', key, revision }, ...guard(state)],
    operations: [{ kind: 'delete', key }, ...(state ? [{ kind: 'delete', key: stateKey } as const] : [])],
  };
}

/** The record rewritten to say that nothing of it may be left, or null if it is malformed and cannot be told from others. */
function tombstone(slice: ServiceSlice, current: NodeEntry, context: PlanContext): string | null {
  if (current.record) return JSON.stringify({ ...current.record, removed: true });
  const service = slice.service?.record;
  if (current.kind === 'tap_services') {
    if (!service) return null;
    const { id, project_id, port_id } = service;
    return nodeTapServiceCodec.format({ v: 1, id, project_id, removed: true, port_id, inputs: [] });
  }
  const flow = context.flows.get(current.id)?.record;
  if (!flow) return null;
  const { id, project_id, tap_service_id, source_port, direction, vlan_filter } = flow;
  const what = { v: 1, id, project_id, removed: true, tap_service_id, source_port, direction, vlan_filter } as const;
  return nodeTapFlowCodec.format({ ...what, filter: [], target: { type: 'local' } });
}

/** A node's record as far as its end is concerned, whatever it is about. */
type Told = Pick<Entry<{ readonly removed?: boolean }>, 'revision' | 'record'> & {
  readonly node: string;
  readonly kind: ResourceKind;
  readonly id: string;
};

/** Whether the node has answered this very tombstone: nothing is left. */
export function confirmed(entry: Told, context: Pick<PlanContext, 'states'>): boolean {
  const state = context.states.get(keys.stateResource(entry.node, entry.kind, entry.id))?.record;
  return state?.status === 'REMOVED' && state.revision >= entry.revision;
}

/** Deleted taps leave the API once each node that can answer has confirmed; a silent one still holds the segment. */
function* removeApiRecords(slice: ServiceSlice, _compiled: Compiled, context: PlanContext): Steps {
  const service = slice.service?.record;
  const cascade = service?.deleting === true;
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
    yield goes ? removal(entry) : null;
  }
  if (cascade && slice.service && allGone) yield removal(slice.service);
}

/** Whether every node that was told has a tombstone, and has confirmed it unless it cannot answer. */
export function isGone(told: readonly Told[], context: Pick<PlanContext, 'states' | 'agents'>): boolean {
  return told.every(
    (entry) => entry.record?.removed === true && (confirmed(entry, context) || !isAlive(context, entry.node)),
  );
}

/** Deletes a key as it was seen. */
export function removal(entry: { readonly key: string; readonly revision: number }): Step {
  return { compare: guard(entry), operations: [{ kind: 'delete', key: entry.key }] };
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

/** That a key is still as it was seen. */
export function guard(entry: { readonly key: string; readonly revision: number } | undefined): Compare[] {
  return entry ? [{ kind: 'mod-revision', key: entry.key, revision: entry.revision }] : [];
}
