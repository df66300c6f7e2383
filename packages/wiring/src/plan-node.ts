import type { ActualView } from './actual.js';
import type { NodeFacts } from './node-facts.js';
import { type Plan, PlanDraft } from './plan.js';
import { removeLoopback } from './plan-removal.js';
import { planScrub, scrubKey } from './plan-source.js';
import { planUnit } from './plan-unit.js';
import { type Planning, TakenIds } from './planning.js';
import type { Step } from './step.js';
import { loopbackMacPrefix, parseOwnTag } from './tags.js';
import type { Wanted } from './wanted.js';

/**
 * Taps to look at: services with all of their flows, and single flows. A flow whose service's ways in and out do not stand
 * takes all flows of the service with it; one that is not wanted any more is removed.
 */
export interface TapIds {
  readonly services: Iterable<string>;
  readonly flows: Iterable<string>;
}

/**
 * Everything: what is wanted comes into place, and what is ours and not wanted goes. To be used only when nothing is
 * under way, since it takes an untagged loopback with our MAC address for one that was left half-made.
 */
export function planNode(wanted: Wanted, actual: ActualView, facts: NodeFacts): Plan {
  const services = new Set<string>();
  const flows = new Set<string>();
  const halfMade: Step[] = [];
  for (const { record } of wanted.services()) services.add(record.id);
  for (const { record } of wanted.flows()) services.add(record.tap_service_id);
  for (const domain of actual.bridgeDomains()) {
    const own = parseOwnTag(domain.tag);
    if (own?.kind === 'service') services.add(own.id);
  }
  for (const entry of actual.interfaces()) {
    const own = parseOwnTag(entry.tag);
    if (own) (own.kind === 'flow' ? flows : services).add(own.id);
    else if (entry.tag === '' && entry.mac.startsWith(loopbackMacPrefix) && !actual.membership(entry.index))
      halfMade.push(...removeLoopback(entry.index, actual));
  }
  for (const acl of actual.acls()) {
    const own = parseOwnTag(acl.tag);
    if (own?.kind === 'flow') flows.add(own.id);
  }
  return plan({ services, flows }, wanted, actual, facts, halfMade);
}

/** Some taps only, with the same rules; what is ours and belongs to none of them is left for {@link planNode}. */
export function planTaps(ids: TapIds, wanted: Wanted, actual: ActualView, facts: NodeFacts): Plan {
  return plan(ids, wanted, actual, facts, null);
}

/** @param halfMade steps that take away what was left half-made; null where only some taps are looked at */
function plan(
  ids: TapIds,
  wanted: Wanted,
  actual: ActualView,
  facts: NodeFacts,
  halfMade: readonly Step[] | null,
): Plan {
  const draft = new PlanDraft();
  const planning: Planning = { wanted, actual, facts, draft, taken: new TakenIds() };
  const { whole, units } = sortOut(ids, wanted, actual);
  draft.add(scrubKey, [], planScrub(planning, halfMade === null ? units.keys() : null));
  draft.add('half-made', [scrubKey], halfMade ?? []);
  for (const [service, { gone, some }] of units) planUnit(planning, service, gone, whole.has(service) ? null : some);
  return draft.finish();
}

interface Unit {
  /** Flows that nobody wants any more, to be removed. */
  readonly gone: string[];
  readonly some: Set<string>;
}

/** Sorts flows to their services; one that nobody wants goes with the service whose bridge domain it is in. */
function sortOut(ids: TapIds, wanted: Wanted, actual: ActualView) {
  const whole = new Set(ids.services);
  const units = new Map<string, Unit>([...whole].map((service) => [service, { gone: [], some: new Set<string>() }]));
  for (const id of ids.flows) {
    const flow = wanted.flow(id);
    if (!flow && wanted.isUnreadable('tap_flows', id)) continue;
    const service = flow?.record.tap_service_id ?? homeOf(id, actual);
    const unit = units.get(service) ?? { gone: [], some: new Set<string>() };
    units.set(service, unit);
    if (flow) for (const sibling of wanted.siblingsOf(flow.record)) unit.some.add(sibling);
    else unit.gone.push(id);
  }
  return { whole, units };
}

function homeOf(flow: string, actual: ActualView): string {
  for (const entry of actual.tagged(`taas.flow:${flow}`)) {
    const member = actual.membership(entry.index);
    const own = parseOwnTag((member && actual.bridgeDomain(member.bridgeDomain)?.tag) ?? '');
    if (own?.kind === 'service') return own.id;
  }
  return '';
}
