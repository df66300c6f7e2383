import type { Because } from '@taas/model';
import type { Sliced } from '@taas/service';
import { flowKey, flowKeys, flowNeeds, planFlow } from '../flows/plan-flow.js';
import { removeFlow } from '../flows/plan-removal.js';
import { leave } from '../objects/bridge-domain.js';
import type { ActualInterface } from '../objects/interface.js';
import { type Blocker, warningOf } from '../plan/blocker.js';
import { noCopiesOf } from '../plan/no-copies.js';
import { suspension, thinning } from '../plan/overload.js';
import { chosenDomain, evictStrangers, planBridge, untaggedHomes } from '../plan/plan-bridge.js';
import { pruneKey, reviveSource, sourceKey } from '../plan/plan-source.js';
import type { Planning } from '../plan/planning.js';
import { removeInterface } from '../removal.js';
import type { Step } from '../steps.js';
import { attachmentKinds, ownTag, parseOwnTag } from '../tags.js';
import { ownedBy } from '../tap-of-tag.js';
import type { WantedFlow } from '../wanted/wanted.js';
import { type PlannedAttachment, planAttachment, type TargetDomain } from './plan-attachment.js';
import { type DirectMirror, goesDirect, mirrorKey, planDirect, spanDestinationTags, stateOf } from './plan-direct.js';
import { entryKey, type MirrorDestination, planMirrorDestination } from './plan-mirror-destination.js';
import { exitBlocker, type ServiceExit, serviceExit } from './service-exit.js';

interface PlannedDomain {
  readonly domain: TargetDomain | null;
  readonly blocker: Blocker | null;
}

/**
 * Plans one tap service with its flows on this node, and removes what is left of `goneFlows`.
 * @param only the flows to plan as long as the service's attachments stand, since then the others are not concerned;
 *   null for all
 */
export function* planUnit(
  planning: Planning,
  service: string,
  goneFlows: Iterable<string>,
  only: ReadonlySet<string> | null,
): Sliced<void> {
  const { wanted, actual, draft } = planning;
  const { overload } = planning.facts;
  const flows = [...wanted.flowsOf(service)].flatMap((id) => wanted.flow(id) ?? []);
  const live = flows.filter((flow) => !flow.record.removed);
  const exit = serviceExit(service, live, wanted, actual);
  for (const id of goneFlows) draft.add(flowKey(id), [], removeFlow(id, actual));
  const { domain, blocker } = planDomain(planning, service, exit);
  const attachments = exit.type === 'frozen' ? [] : planAttachments(planning, service, exit, domain);
  const outward = attachments[0];
  const mirrorDestination = planMirrorDestination(planning, service, exit, outward, domain);
  const exitKeys = [`bridge:${service}`, `detach:${service}`];
  const attachmentKeys = [...exitKeys, entryKey(service), ...attachments.map((each) => each.key)];
  const settled = !blocker && !attachmentKeys.some((key) => draft.has(key));
  const concerned = only && settled ? flows.filter((flow) => only.has(flow.record.id)) : flows;
  const mirrors = directMirrors(planning, service, exit, mirrorDestination, concerned);
  const addMirrors = (some: readonly DirectMirror[]) => {
    const before = [pruneKey, ...attachmentKeys, ...concerned.map(keyOf)];
    for (const { key, source, steps } of some) draft.add(key, [sourceKey(source), ...before], steps);
  };
  addMirrors(mirrors.filter(({ lessens }) => lessens));
  for (const flow of concerned) {
    yield;
    const own = flow.record.removed ? null : wireFlow(planning, flow, exit, domain);
    if (own === null) draft.add(flowKey(flow.record.id), [], removeFlow(flow.record.id, actual));
    const outage = blocker ?? outward?.blocker ?? outward?.outage ?? null;
    const later = own === null ? null : (outage ?? suspension(overload, own.spanDestinations));
    draft.outlook({
      kind: 'tap_flows',
      id: flow.record.id,
      revision: flow.revision,
      removed: flow.record.removed === true,
      blocker: own?.blocker ?? later,
      warning: warningOf('copies_dropped', thinning(overload, own?.spanDestinations ?? [])),
      fault: own === null ? null : (outward?.fault ?? noCopiesOfFlow(planning, flow, own.spanDestinations)),
      keys: [
        mirrorKey(service, flow.record.source_port),
        entryKey(service),
        ...(own === null ? [keyOf(flow), `detach:${service}`] : [...own.keys, ...exitKeys]),
        ...(own === null ? [] : attachments.filter((each) => each.outward).map((each) => each.key)),
      ],
    });
  }
  addMirrors(mirrors.filter(({ lessens }) => !lessens));
  planLeftovers(planning, service, exit, goneFlows, attachments);
  serviceOutlook(planning, service, blocker, attachments, exitKeys);
}

const keyOf = (flow: WantedFlow): string => flowKey(flow.record.id);

/** @param SPAN destinations as in `FlowNeeds` */
function noCopiesOfFlow(
  { facts }: Planning,
  { record }: WantedFlow,
  spanDestinations: readonly string[],
): Because | null {
  const { source_port: port, direction } = record;
  const tags = goesDirect(record, facts) ? spanDestinationTags(record, facts) : spanDestinations;
  return noCopiesOf(facts, tags, port, stateOf[direction]);
}

/** The mirrors to the service's mirror destination, of all sources that these flows have. */
function directMirrors(
  planning: Planning,
  service: string,
  exit: ServiceExit,
  mirrorDestination: MirrorDestination | null,
  flows: readonly WantedFlow[],
): readonly DirectMirror[] {
  if (!mirrorDestination) return [];
  const ports = new Set(flows.map(({ record }) => record.source_port));
  return [...ports].flatMap((port) => planDirect(planning, service, port, exit, mirrorDestination) ?? []);
}

interface WiredFlow {
  readonly blocker: Blocker | null;
  readonly keys: readonly string[];
  /** As in `FlowNeeds`. */
  readonly spanDestinations: readonly string[];
}

function wireFlow(planning: Planning, flow: WantedFlow, exit: ServiceExit, domain: TargetDomain | null): WiredFlow {
  const { draft } = planning;
  const key = flowKey(flow.record.id);
  const wrongExit = exitBlocker(flow, exit);
  // Nothing is known of a frozen service, so nothing of its flows is changed either.
  if (exit.type === 'frozen') return { blocker: wrongExit, keys: [], spanDestinations: [] };
  const looked = flowNeeds(planning, flow, exit);
  const needs = wrongExit ? null : (looked.value ?? null);
  for (const { index, port } of needs?.sources ?? []) reviveSource(planning, port, index);
  const steps = planFlow(planning, flow, goesDirect(flow.record, planning.facts) ? null : needs, domain);
  const before = [
    pruneKey,
    `bridge:${flow.record.tap_service_id}`,
    ...(needs?.sources ?? []).map(({ index }) => sourceKey(index)),
  ];
  draft.add(key, needs ? before : [], steps);
  return {
    blocker: wrongExit ?? looked.blocker ?? null,
    keys: flowKeys(flow, needs),
    spanDestinations: needs?.spanDestinations ?? [],
  };
}

function planDomain(planning: Planning, service: string, exit: ServiceExit): PlannedDomain {
  if (exit.type === 'none') return { domain: null, blocker: null };
  const tag = ownTag('service', service);
  if (exit.type === 'frozen') {
    const existing = chosenDomain(planning.actual, tag);
    return { domain: existing ? { id: existing.id, keepsMembers: true } : null, blocker: null };
  }
  const { domain, blocker, steps } = planBridge(planning, tag);
  planning.draft.add(`bridge:${service}`, [], steps);
  return { domain, blocker };
}

function planAttachments(
  planning: Planning,
  service: string,
  exit: Exclude<ServiceExit, { type: 'frozen' }>,
  domain: TargetDomain | null,
): readonly PlannedAttachment[] {
  const { actual, draft } = planning;
  const planned =
    exit.type === 'none' || !domain
      ? []
      : exit.attachments.map((attachment) => planAttachment(planning, service, attachment, domain));
  const kept = new Set(planned.map((each) => each.existing));
  const stale = attachmentKinds
    .flatMap((kind) => [...actual.interfaces.by('tag', ownTag(kind, service))])
    .filter((entry) => !kept.has(entry.index));
  draft.add(
    `detach:${service}`,
    [],
    stale.flatMap((entry) => removeInterface(entry, actual)),
  );
  for (const { key, needs, steps } of planned)
    draft.add(key, [pruneKey, `detach:${service}`, `bridge:${service}`, ...needs], steps);
  return planned;
}

/** Bridge domains of the service that have no use any more go last, when what was in them is out. */
function planLeftovers(
  planning: Planning,
  service: string,
  exit: ServiceExit,
  goneFlows: Iterable<string>,
  attachments: readonly PlannedAttachment[],
): void {
  const { actual, draft } = planning;
  if (exit.type === 'frozen') return;
  const tag = ownTag('service', service);
  const keep = exit.type === 'none' ? undefined : chosenDomain(actual, tag)?.id;
  const spare = [...actual.bridgeDomains.by('tag', tag)].filter((domain) => domain.id !== keep);
  const ways = [`detach:${service}`, ...attachments.map((each) => each.key)];
  const needs = new Set([...ways, `bridge:${service}`, entryKey(service), ...[...goneFlows].map(flowKey)]);
  const untagged = untaggedHomes(planning, ownInterfaces(planning, service, goneFlows), (own) =>
    own.kind === 'flow' ? draft.has(flowKey(own.id)) : own.id === service,
  );
  const steps = [...spare, ...untagged].flatMap((domain): Step[] => {
    for (const index of domain.members.keys()) {
      const own = parseOwnTag(actual.interfaces.get(index)?.tag ?? '');
      if (own?.kind === 'flow') needs.add(flowKey(own.id));
    }
    // VPP does not refuse to delete a bridge domain under what takes its unicast: another service's is out before.
    const { unicast } = domain;
    const own = unicast === null ? null : parseOwnTag(actual.interfaces.get(unicast)?.tag ?? '');
    const out = unicast === null || own === null || own.id === service ? [] : leave(unicast, actual);
    return [
      ...evictStrangers(actual, domain),
      ...out,
      { kind: 'delete-bridge-domain', id: domain.id, tag: domain.tag },
    ];
  });
  draft.addLast(`unbridge:${service}`, [...needs], steps);
}

function* ownInterfaces(
  { actual, wanted }: Planning,
  service: string,
  goneFlows: Iterable<string>,
): Generator<ActualInterface> {
  for (const { kind, id } of ownedBy('services', service)) yield* actual.interfaces.by('tag', ownTag(kind, id));
  for (const flow of [...wanted.flowsOf(service), ...goneFlows])
    for (const { kind, id } of ownedBy('flows', flow)) yield* actual.interfaces.by('tag', ownTag(kind, id));
}

function serviceOutlook(
  { wanted, draft }: Planning,
  service: string,
  blocker: Blocker | null,
  attachments: readonly PlannedAttachment[],
  exitKeys: readonly string[],
): void {
  const own = wanted.service(service);
  if (!own) return;
  const removed = own.record.removed === true;
  const copiesNeed = attachments.filter(({ optional }) => !optional);
  draft.outlook({
    kind: 'tap_services',
    id: service,
    revision: own.revision,
    removed,
    blocker: removed
      ? null
      : (blocker ?? copiesNeed.map((each) => each.blocker ?? each.outage).find((each) => each !== null) ?? null),
    warning: warningOf('receipts_missing', whyNoReceipts(attachments)),
    fault: attachments.map(({ fault }) => fault).find((each) => each !== null) ?? null,
    keys: removed
      ? [`detach:${service}`, `unbridge:${service}`]
      : [...exitKeys, ...attachments.map((each) => each.key), `unbridge:${service}`],
  });
}

/** An empty text where they come, or were not asked for. */
function whyNoReceipts(attachments: readonly PlannedAttachment[]): string {
  for (const { optional, blocker, outage } of attachments) {
    const missing = blocker ?? outage;
    if (optional && missing) return `warning: no receipts come: ${missing.reason}`;
  }
  return '';
}
