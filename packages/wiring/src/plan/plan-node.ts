import { atOnce, type Sliced } from '@taas/service';
import { listMark } from '../flows/flow-filter.js';
import { isOrphanTunnel, planMirror } from '../mirrors/plan-mirror.js';
import { TakenTunnels } from '../mirrors/taken-tunnels.js';
import type { NodeFacts } from '../node-facts.js';
import type { ActualBridgeDomain } from '../objects/bridge-domain.js';
import type { ActualInterface } from '../objects/interface.js';
import { withdrawPolicer } from '../objects/policer.js';
import { removeInterface } from '../removal.js';
import { isOrphanCollector } from '../services/plan-attachment.js';
import { planUnit } from '../services/plan-unit.js';
import type { ActualView } from '../snapshot.js';
import type { Step } from '../steps.js';
import { idsOf, loopbackMacPrefix, parseOwnTag, takesCopies } from '../tags.js';
import { idOf } from '../tap-of-tag.js';
import type { Wanted } from '../wanted/wanted.js';
import { type Plan, PlanDraft } from './plan.js';
import { planEach } from './plan-contained.js';
import { planPrune, pruneKey } from './plan-source.js';
import { type Planning, TakenIds, type Unseen } from './planning.js';

/**
 * Taps to look at: services with all of their flows, and single flows. A flow whose service's attachments do not stand
 * takes all flows of the service with it; a flow or a mirror that is not wanted any more is removed.
 */
export interface TapIds {
  readonly services: Iterable<string>;
  readonly flows: Iterable<string>;
  readonly mirrors: Iterable<string>;
}

/**
 * Everything: what is wanted comes into place, and what is ours and not wanted goes. To be used only when nothing is
 * in progress, since it takes an untagged loopback with our MAC address, an
 * untagged tunnel with a number of ours, an untagged sub-interface with VLAN 4095, and an untagged, empty bridge domain with
 * an id of ours, for an orphan.
 * @param unseen taps that are not to be planned, since nobody could look at them
 */
export function planNode(wanted: Wanted, actual: ActualView, facts: NodeFacts, unseen: Unseen = new Map()): Plan {
  return atOnce(planningNode(wanted, actual, facts, unseen));
}

/** As {@link planNode}, in slices: a plan only if nothing of that has changed meanwhile. */
export function* planningNode(wanted: Wanted, actual: ActualView, facts: NodeFacts, unseen: Unseen): Sliced<Plan> {
  const services = new Set<string>();
  const flows = new Set<string>();
  const mirrors = wanted.mirrors.ids();
  const note = (tag: string): boolean => {
    const own = parseOwnTag(tag);
    if (own) idsOf(own, { services, flows, mirrors }).add(idOf(own));
    return own !== null;
  };
  const orphans: Orphans = { loopbacks: [], tunnels: [], collectors: [], domains: [] };
  for (const { record } of wanted.services()) services.add(record.id);
  for (const { record } of wanted.flows()) services.add(record.tap_service_id);
  for (const domain of actual.bridgeDomains.all())
    if (!note(domain.tag) && isOrphanDomain(domain, facts)) orphans.domains.push(domain);
  for (const entry of actual.interfaces.all()) {
    yield;
    if (note(entry.tag) || entry.tag !== '' || actual.memberships.get(entry.index)) continue;
    if (entry.mac.startsWith(loopbackMacPrefix)) orphans.loopbacks.push(entry);
    else if (isOrphanTunnel(entry, actual)) orphans.tunnels.push(entry);
    else if (isOrphanCollector(entry, actual)) orphans.collectors.push(entry);
  }
  for (const acl of actual.acls.all()) note(acl.tag);
  for (const { name } of actual.policers.all()) note(name);
  return yield* drafting({ services, flows, mirrors }, { wanted, actual, facts, unseen }, orphans);
}

/** What was made and not tagged, and is for nobody to find but us. */
interface Orphans {
  readonly loopbacks: ActualInterface[];
  /** A mirror that wants the same may take one over. */
  readonly tunnels: ActualInterface[];
  /** A service whose collector has the port may take one over. */
  readonly collectors: ActualInterface[];
  readonly domains: ActualBridgeDomain[];
}

/** VPP makes a bridge domain, without a tag, for who joins one that somebody has deleted in that moment. */
function isOrphanDomain({ id, tag, members, unicast }: ActualBridgeDomain, facts: NodeFacts): boolean {
  const [first, last] = facts.bridgeDomains;
  return tag === '' && id >= first && id <= last && members.size === 0 && unicast === null;
}

/** Filters that are on nobody's loopback. What is on one that is taken away goes with it. */
function strayFilters(actual: ActualView, orphans: Orphans): Step[] {
  const tables = [...actual.spareClassifiers.keys()].map(
    (index): Step => ({ kind: 'delete-classifier', at: { index } }),
  );
  const going = new Set(orphans.loopbacks.map(({ index }) => index));
  return [...tables, ...strayLists(actual, going), ...strayPolicing(actual, going)];
}

/** VPP keeps a list of ethertypes of ours when its loopback is deleted by somebody else, for the next interface. */
function strayLists(actual: ActualView, going: ReadonlySet<number>): Step[] {
  return [...actual.etherTypes.keys()].flatMap((index): Step[] => {
    const before = actual.etherTypes.get(index) ?? [];
    const ours =
      !going.has(index) &&
      before[0] === listMark &&
      parseOwnTag(actual.interfaces.get(index)?.tag ?? '')?.kind !== 'flow';
    return ours ? [{ kind: 'set-ether-types', at: { index }, types: [], before }] : [];
  });
}

/** Policing on nobody's loopback by a policer that is gone; where there is one, it is its tap's to take off. */
function strayPolicing(actual: ActualView, going: ReadonlySet<number>): Step[] {
  return [...actual.policings.keys()].flatMap((index) => {
    const { isOurs, policer } = actual.policings.get(index) ?? {};
    const isTaps = takesCopies(parseOwnTag(actual.interfaces.get(index)?.tag ?? ''));
    return isOurs && policer === null && !isTaps && !going.has(index) ? withdrawPolicer(index, actual) : [];
  });
}

/** Some taps only, with the same rules; what is ours and belongs to none of them is left for {@link planNode}. */
export function planTaps(
  ids: TapIds,
  wanted: Wanted,
  actual: ActualView,
  facts: NodeFacts,
  unseen: Unseen = new Map(),
): Plan {
  return atOnce(planningTaps(ids, wanted, actual, facts, unseen));
}

/** As {@link planTaps}, in slices: a plan only if nothing of that has changed meanwhile. */
export function* planningTaps(
  ids: TapIds,
  wanted: Wanted,
  actual: ActualView,
  facts: NodeFacts,
  unseen: Unseen,
): Sliced<Plan> {
  return yield* drafting(ids, { wanted, actual, facts, unseen }, null);
}

type Known = Pick<Planning, 'wanted' | 'actual' | 'facts' | 'unseen'>;

/** @param orphans null where only some taps are looked at */
function* drafting(ids: TapIds, known: Known, orphans: Orphans | null): Sliced<Plan> {
  const { wanted, actual } = known;
  const draft = new PlanDraft();
  const planning: Planning = { ...known, draft, taken: new TakenIds(), tunnels: new TakenTunnels() };
  const { whole, units } = yield* sortOut(ids, wanted, actual);
  draft.add(pruneKey, [], yield* planPrune(planning, orphans === null ? units.keys() : null));
  const loopbacks = (orphans?.loopbacks ?? []).flatMap((entry) => removeInterface(entry, actual, 'loopback'));
  draft.add('orphans', [pruneKey], [...loopbacks, ...(orphans ? strayFilters(actual, orphans) : [])]);
  for (const [service, { gone, some }] of units)
    yield* planEach(planning, 'tap_services', service, () =>
      planUnit(planning, service, gone, whole.has(service) ? null : some),
    );
  for (const mirror of ids.mirrors)
    yield* planEach(planning, 'tap_mirrors', mirror, function* () {
      yield planMirror(planning, mirror);
    });
  const tunnels = (orphans?.tunnels ?? []).filter(({ index }) => !planning.tunnels.isAdopted(index));
  const collectors = (orphans?.collectors ?? []).filter(({ index }) => planning.taken.adopt(index));
  draft.add(
    'orphan-attachments',
    [pruneKey],
    [...tunnels, ...collectors].flatMap((entry) => removeInterface(entry, actual)),
  );
  draft.add(
    'orphan-domains',
    [pruneKey],
    (orphans?.domains ?? []).map(({ id, tag }): Step => ({ kind: 'delete-bridge-domain', id, tag })),
  );
  return draft.finish();
}

interface Unit {
  /** Flows that nobody wants any more, to be removed. */
  readonly gone: string[];
  readonly some: Set<string>;
}

interface SortedOut {
  /** Services with all of their flows. */
  readonly whole: ReadonlySet<string>;
  readonly units: ReadonlyMap<string, Unit>;
}

/** Sorts flows to their services; one that nobody wants goes with the service whose bridge domain it is in. */
function* sortOut(ids: TapIds, wanted: Wanted, actual: ActualView): Sliced<SortedOut> {
  const whole = new Set(ids.services);
  const units = new Map<string, Unit>([...whole].map((service) => [service, { gone: [], some: new Set<string>() }]));
  for (const id of ids.flows) {
    yield;
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
  for (const entry of actual.interfaces.by('tag', `taas.flow:${flow}`)) {
    const member = actual.memberships.get(entry.index);
    const own = parseOwnTag((member && actual.bridgeDomains.get(member.bridgeDomain)?.tag) ?? '');
    if (own?.kind === 'service') return own.id;
  }
  return '';
}
