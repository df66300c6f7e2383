import type { NodeTapFlow } from '@taas/model';
import { aclRules, sameRules } from './acl-rules.js';
import type { AclRule, ActualInterface, SpanState } from './actual.js';
import { findPort } from './find-interface.js';
import { type Found, found, pending, refused } from './obstacle.js';
import type { TargetDomain } from './plan-attachment.js';
import { goesDirect, stateOf } from './plan-direct.js';
import { removeFlow, removeLoopback, spansOff, unbind } from './plan-removal.js';
import { sourceKey } from './plan-source.js';
import type { Planning } from './planning.js';
import { exitObstacle, type ServiceExit } from './service-exit.js';
import type { Ref, Step } from './step.js';
import { loopbackMac, ownTag } from './tags.js';
import type { Wanted, WantedFlow } from './wanted.js';

/** What a flow needs on this node, apart from its service's bridge domain. */
export interface FlowNeeds {
  readonly source: ActualInterface;
  /** Of a flow that is filtered: nothing (0) where others copy all that it asks for. */
  readonly state: SpanState;
  /** Empty: everything is copied. */
  readonly rules: readonly AclRule[];
}

export const flowKey = (flow: string): string => `flow:${flow}`;

/** Looks up what the flow needs, or why it cannot be had now. */
export function flowNeeds({ actual, wanted }: Planning, { record }: WantedFlow, exit: ServiceExit): Found<FlowNeeds> {
  if (record.vlan_filter !== null)
    return refused(`vlan_filter ${record.vlan_filter} is not supported by this node's agent yet`);
  const rules = aclRules(record.filter);
  if (rules.obstacle) return rules;
  const source = findPort(record.source_port, actual);
  if (source.obstacle) return source;
  // VPP mirrors at layer 2, and takes an order for an interface that is not there without ever copying anything.
  if (!actual.features(source.value.index))
    return pending(`source port ${record.source_port} is not connected to its network yet`);
  const relieved = goesDirect(record) ? 0 : copiedAnyway(wanted, record, exit);
  return found({
    source: source.value,
    state: (stateOf[record.direction] & ~relieved) as SpanState,
    rules: rules.value,
  });
}

/**
 * The directions that flows without a filter copy from the same source to the same service anyway: each packet arrives there
 * once, however many flows ask for it.
 */
function copiedAnyway(wanted: Wanted, flow: NodeTapFlow, exit: ServiceExit): number {
  let copied = 0;
  for (const sibling of wanted.siblingsOf(flow)) {
    const other = wanted.flow(sibling);
    if (other && !other.record.removed && goesDirect(other.record) && !exitObstacle(other, exit))
      copied |= stateOf[other.record.direction];
  }
  return copied;
}

/** Brings the loopback of a flow into place, or takes it away when it has no needs that can be met, or none of its own. */
export function planFlow(
  planning: Planning,
  flow: WantedFlow,
  needs: FlowNeeds | null,
  domain: TargetDomain | null,
): Step[] {
  const { actual } = planning;
  const { id, source_port: port } = flow.record;
  if (!needs || !domain) return removeFlow(id, actual);
  const tag = ownTag('flow', id);
  const [loopback, ...doubles] = inPlaceFirst([...actual.tagged(tag)], planning, domain);
  const at: Ref = loopback ? { index: loopback.index } : { ref: flowKey(id) };
  const steps = doubles.flatMap((double) => removeLoopback(double.index, actual));
  if (!loopback) {
    steps.push({ kind: 'create-loopback', as: flowKey(id), mac: loopbackMac(id) });
    steps.push({ kind: 'set-tag', at, tag, before: '' });
  }
  const from = needs.source.index;
  const filter = planFilter(planning, tag, loopback, at, needs.rules);
  let before: SpanState = 0;
  if (loopback) {
    steps.push(...spansOff(loopback.index, actual, from));
    before = actual.spansFrom(from).get(loopback.index) ?? 0;
    // The filter is about to change: better no copies for a moment than copies that the old one lets through.
    if (before !== 0 && filter.length > 0) {
      steps.push({ kind: 'set-span', from, to: at, state: 0, before });
      before = 0;
    }
  }
  steps.push(...filter);
  const member = loopback && domain.keepsMembers ? actual.membership(loopback.index) : undefined;
  if (member?.bridgeDomain !== domain.id || member.shg !== 1)
    steps.push({ kind: 'join-bridge', at, id: domain.id, shg: 1 });
  if (!loopback?.adminUp) steps.push({ kind: 'set-admin', at, up: true, before: false });
  if (before !== needs.state) {
    steps.push({ kind: 'check-port', port, index: from });
    steps.push({ kind: 'set-span', from, to: at, state: needs.state, before });
  }
  return steps;
}

/** Keys of the sequences that this flow's copies depend on, apart from its service's. */
export function flowKeys(flow: WantedFlow, needs: FlowNeeds | null): string[] {
  return needs ? [flowKey(flow.record.id), sourceKey(needs.source.index)] : [flowKey(flow.record.id)];
}

function inPlaceFirst(entries: ActualInterface[], { actual }: Planning, domain: TargetDomain): ActualInterface[] {
  const rank = (entry: ActualInterface) => (actual.membership(entry.index)?.bridgeDomain === domain.id ? 0 : 1);
  return entries.sort((a, b) => rank(a) - rank(b) || a.index - b.index);
}

function planFilter(
  { actual }: Planning,
  tag: string,
  loopback: ActualInterface | undefined,
  at: Ref,
  rules: readonly AclRule[],
): Step[] {
  const [acl, ...doubles] = [...actual.aclsTagged(tag)];
  const bound = loopback ? actual.binding(loopback.index).input : [];
  const before = bound.map((index) => ({ index }));
  const drop = (index: number, old: readonly AclRule[]): Step => ({
    kind: 'delete-acl',
    at: { index },
    tag,
    rules: old,
  });
  if (rules.length === 0) {
    const unbound = loopback ? unbind(loopback.index, actual) : [];
    return [...unbound, ...(acl ? [acl, ...doubles] : []).map((each) => drop(each.index, each.rules))];
  }
  const steps: Step[] = [];
  const ref: Ref = acl ? { index: acl.index } : { ref: `acl:${tag}` };
  if (!acl) steps.push({ kind: 'create-acl', as: `acl:${tag}`, tag, rules });
  else if (!sameRules(acl.rules, rules))
    steps.push({ kind: 'replace-acl', index: acl.index, tag, rules, before: acl.rules });
  if (!acl || bound.length !== 1 || bound[0] !== acl.index) steps.push({ kind: 'bind-acls', at, acls: [ref], before });
  steps.push(...doubles.map((each) => drop(each.index, each.rules)));
  return steps;
}
