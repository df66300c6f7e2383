import type { NodeTapFlow } from '@taas/model';
import type { ActualInterface } from '../objects/interface.js';
import type { SpanState } from '../objects/span.js';
import { spansOff } from '../objects/span.js';
import { type Found, found } from '../plan/blocker.js';
import { planPolicer } from '../plan/plan-policer.js';
import { sourceKey } from '../plan/plan-source.js';
import type { Planning } from '../plan/planning.js';
import { removeInterface } from '../removal.js';
import type { TargetDomain } from '../services/plan-attachment.js';
import { goesDirect, isUnfiltered, spanDestinationTags, stateOf } from '../services/plan-direct.js';
import { exitBlocker, type ServiceExit } from '../services/service-exit.js';
import type { ActualView } from '../snapshot.js';
import type { Ref, Step } from '../steps.js';
import { loopbackMac, ownTag } from '../tags.js';
import type { WantedFlow } from '../wanted/wanted.js';
import { type FlowFilter, flowFilter } from './flow-filter.js';
import { type FlowSource, flowSources } from './flow-sources.js';
import { atOneStroke, planFilter } from './plan-filter.js';
import { removeFlow } from './plan-removal.js';

/** What a flow needs on this node, apart from its service's bridge domain. */
export interface FlowNeeds {
  readonly sources: readonly (FlowSource & {
    /** Of a flow that is filtered: nothing (0) where others copy all that it asks for. */
    readonly state: SpanState;
  })[];
  readonly filter: FlowFilter;
  /** Tags of what its source is mirrored to for it: its own loopback, and what flows that copy for it are mirrored to. */
  readonly spanDestinations: readonly string[];
  /** Flows with a loopback of their own that copy for it: it stands only if they do. */
  readonly copiers: readonly string[];
}

export const flowKey = (flow: string): string => `flow:${flow}`;

/** Looks up what the flow needs, or why it cannot be had now. */
export function flowNeeds(planning: Planning, { record }: WantedFlow, exit: ServiceExit): Found<FlowNeeds> {
  const { actual, facts } = planning;
  const filter = flowFilter(record, facts.ip6Prefixes);
  if (filter.blocker) return filter;
  const mirrored = flowSources(record.source_port, filter.value.vlans, actual);
  if (mirrored.blocker) return mirrored;
  const others = copiedByOthers(planning, record, exit);
  const own = mirrored.value.map((source) => {
    // What is not on the port itself, only flows with this very filter copy.
    const copied = source.port === record.source_port ? others.same | others.more : others.same;
    return { state: (stateOf[record.direction] & ~copied) as SpanState, ...source };
  });
  const tags = [...(own.some(({ state }) => state !== 0) ? [ownTag('flow', record.id)] : []), ...others.tags];
  // Nothing is copied for as long as it is suspended, and its loopback stays, for when it is tried again.
  const isSuspended = facts.overload.suspended.has(ownTag('flow', record.id));
  const sources = isSuspended ? own.map((source) => ({ ...source, state: 0 as const })) : own;
  return found({ sources, filter: filter.value, spanDestinations: tags, copiers: others.flows });
}

/**
 * The directions that other flows of a source copy to the same service anyway: each packet arrives there once, however many flows
 * ask for it. Of flows that ask for the `same` those without a loopback of their own copy, since one mirror carries them all, else the
 * one with the lowest id; and one that asks for everything copies for those that have a filter (`more`). Two different filters relieve
 * each other of nothing.
 */
function copiedByOthers(
  { wanted, facts }: Planning,
  record: NodeTapFlow,
  exit: ServiceExit,
): { same: number; more: number; tags: readonly string[]; flows: readonly string[] } {
  const copied = { same: 0, more: 0, tags: [] as string[], flows: [] as string[] };
  const own = asksFor(record);
  // One mirror carries all that have no loopback of their own: none of them relieves another.
  if (goesDirect(record, facts)) return copied;
  for (const sibling of wanted.siblingsOf(record)) {
    // One whose record cannot be read goes on copying as it was last.
    const other = wanted.lastKnown(sibling);
    if (!other || other.record.removed || exitBlocker(other, exit)) continue;
    const asked = asksFor(other.record);
    const direction = stateOf[other.record.direction];
    const isSame = asked === own && (goesDirect(other.record, facts) || sibling < record.id);
    const isMore = asked !== own && isUnfiltered(other.record);
    if (isSame) copied.same |= direction;
    if (isMore) copied.more |= direction;
    if ((!isSame && !isMore) || (direction & stateOf[record.direction]) === 0) continue;
    copied.tags.push(...spanDestinationTags(other.record, facts));
    if (!goesDirect(other.record, facts)) copied.flows.push(sibling);
  }
  return copied;
}

const asksFor = ({ vlan_filter, filter }: Pick<NodeTapFlow, 'vlan_filter' | 'filter'>): string =>
  JSON.stringify([vlan_filter, filter]);

/** Brings the loopback of a flow into place, or takes it away when it has no needs that can be met, or none of its own. */
export function planFlow(
  planning: Planning,
  flow: WantedFlow,
  needs: FlowNeeds | null,
  domain: TargetDomain | null,
): Step[] {
  const { actual, facts } = planning;
  const { id } = flow.record;
  if (!needs || !domain) return removeFlow(id, actual);
  const tag = ownTag('flow', id);
  const [loopback, ...doubles] = inPlaceFirst([...actual.interfaces.by('tag', tag)], planning, domain);
  const at: Ref = loopback ? { index: loopback.index } : { ref: flowKey(id) };
  const steps = doubles.flatMap((double) => removeInterface(double, actual, 'loopback'));
  if (!loopback) {
    steps.push({ kind: 'create-loopback', as: flowKey(id), mac: loopbackMac(id) });
    steps.push({ kind: 'set-tag', at, tag, before: '' });
  }
  const member = loopback && domain.keepsMembers ? actual.memberships.get(loopback.index) : undefined;
  const stays = member?.bridgeDomain === domain.id;
  const filter = planFilter({ flow: id, loopback, at, stays }, needs.filter, actual);
  const used = new Set(needs.sources.map(({ index }) => index));
  if (loopback) steps.push(...spansOff(loopback.index, actual, used));
  const before = new Map(needs.sources.map(({ index }) => [index, mirrored(index, loopback, actual)]));
  // A filter is about to change step by step: better no copies for a moment than copies that nobody asked for.
  if (filter.length > 0 && !atOneStroke(filter))
    for (const [from, state] of before) {
      if (state !== 0) steps.push({ kind: 'set-span', from, to: at, state: 0, before: state });
      before.set(from, 0);
    }
  if (!stays || member?.shg !== 1) steps.push({ kind: 'join-bridge', at, id: domain.id, shg: 1 });
  steps.push(...filter, ...planPolicer({ tag, loopback, at, stays }, facts.policedKbps, actual));
  if (!loopback?.adminUp) steps.push({ kind: 'set-admin', at, up: true, before: false });
  for (const { index: from, port, state } of needs.sources) {
    const now = before.get(from) ?? 0;
    if (now === state) continue;
    steps.push({ kind: 'check-port', port, index: from });
    steps.push({ kind: 'set-span', from, to: at, state, before: now });
  }
  return steps;
}

function mirrored(source: number, loopback: ActualInterface | undefined, actual: ActualView): SpanState {
  return loopback ? actual.spans.state(source, loopback.index) : 0;
}

/** Keys of the sequences that this flow's copies depend on, apart from its service's. */
export function flowKeys(flow: WantedFlow, needs: FlowNeeds | null): string[] {
  const sources = (needs?.sources ?? []).map(({ index }) => sourceKey(index));
  return [flowKey(flow.record.id), ...(needs?.copiers ?? []).map(flowKey), ...sources];
}

function inPlaceFirst(entries: ActualInterface[], { actual }: Planning, domain: TargetDomain): ActualInterface[] {
  const rank = (entry: ActualInterface) => (actual.memberships.get(entry.index)?.bridgeDomain === domain.id ? 0 : 1);
  return entries.sort((a, b) => rank(a) - rank(b) || a.index - b.index);
}
