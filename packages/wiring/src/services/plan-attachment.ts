import { type Because, because, type Link, type VxlanLink } from '@taas/model';
import { findPort, findUplink, uplinkOf } from '../find-interface.js';
import { routeBlocker } from '../mirrors/underlay.js';
import { canonicalAddress } from '../node-facts.js';
import type { ActualInterface } from '../objects/interface.js';
import { forwardingBits } from '../objects/layer2-features.js';
import { vxlanKey } from '../objects/vxlan.js';
import { type Blocker, type Found, found, pending, refused } from '../plan/blocker.js';
import type { Planning } from '../plan/planning.js';
import type { Ref, Step } from '../steps.js';
import { type OwnKind, ownTag } from '../tags.js';

/**
 * A way into or out of a service's bridge domain: a sub-interface of the collector's port, for frames to a group
 * (`collector`) or to one address (`unicast`), a link to another node, or a tunnel by which a server sends receipts.
 */
export type Attachment =
  | { readonly type: 'collector' | 'unicast'; readonly port: string }
  | { readonly type: 'input' | 'output'; readonly link: Link }
  | { readonly type: 'receipts'; readonly link: VxlanLink };

export interface PlannedAttachment {
  readonly key: string;
  /** Copies leave the node by it, rather than come. */
  readonly outward: boolean;
  /** Copies do not need it: it may be missing, of which the tap's user is warned. */
  readonly optional: boolean;
  /** Keys of what must be in place before. */
  readonly needs: readonly string[];
  /** The interface that serves already, if there is one; it is not to be detached. */
  readonly existing: number | null;
  readonly blocker: Blocker | null;
  /** It stands, or can be made to, but what it lies on carries nothing now. */
  readonly outage: Blocker | null;
  /** It stands, and whoever should get the copies by it is not there. */
  readonly fault: Because | null;
  readonly steps: readonly Step[];
}

/** The service's bridge domain, and whether what is in it now stays in it. */
export interface TargetDomain {
  readonly id: number;
  readonly keepsMembers: boolean;
}

interface Candidate {
  readonly kind: OwnKind;
  readonly existing: ActualInterface | null;
  /** Makes the interface under the name `as`; none when it exists. */
  readonly make: (as: string) => readonly Step[];
  readonly pop: 0 | 1;
}

export function attachmentKey(service: string, attachment: Attachment): string {
  if ('port' in attachment) return `${attachment.type}:${service}`;
  const { link } = attachment;
  return link.type === 'vlan'
    ? `vlan:${service}/${link.physnet}/${link.vlan}`
    : `vxlan:${service}/${link.local}/${link.remote}/${link.vni}`;
}

/**
 * Split-horizon groups. Inputs share one with the loopbacks, so that copies go from them to the collector alone; the two
 * sub-interfaces of a collector share one, so that what the collector sends into one does not come back by the other.
 */
const groups = { collector: 2, unicast: 2, input: 1, receipts: 1, output: 0 } as const;

/**
 * Brings one attachment into place. The collector and outputs let nothing in (ingress is blocked): what they send must not travel on to other nodes.
 */
export function planAttachment(
  planning: Planning,
  service: string,
  attachment: Attachment,
  domain: TargetDomain,
): PlannedAttachment {
  const key = attachmentKey(service, attachment);
  const { type } = attachment;
  const outward = type !== 'input' && type !== 'receipts';
  const optional = type === 'receipts';
  const needs = type === 'unicast' ? [attachmentKey(service, { ...attachment, type: 'collector' })] : [];
  const candidate =
    'port' in attachment
      ? findCollector(planning, service, attachment.type, attachment.port)
      : findLink(planning, service, attachment.link);
  if (candidate.blocker)
    return {
      key,
      outward,
      optional,
      needs,
      existing: null,
      ...{ blocker: candidate.blocker, outage: null, fault: null, steps: [] },
    };
  const { kind, existing, make, pop } = candidate.value;
  const at: Ref = existing ? { index: existing.index } : { ref: key };
  const tag = ownTag(kind, service);
  const steps: Step[] = [...(existing ? [] : make(key))];
  if (existing?.tag !== tag) steps.push({ kind: 'set-tag', at, tag, before: '' });
  const rewrite = existing ? (existing.rewrite === 3 ? 1 : 0) : 0;
  if (kind !== 'vxlan' && (rewrite !== pop || (existing && existing.rewrite !== 0 && existing.rewrite !== 3)))
    steps.push({ kind: 'set-rewrite', at, pop, before: rewrite });
  steps.push(
    ...(type === 'unicast'
      ? takingUnicast(planning, at, existing, domain)
      : placing(planning, at, existing, groups[type], outward, domain)),
  );
  const [outage, fault] =
    'link' in attachment
      ? [underlayOutage(attachment.link, planning), null]
      : [null, collectorFault(attachment.port, planning)];
  return { key, outward, optional, needs, existing: existing?.index ?? null, blocker: null, outage, fault, steps };
}

/** A link stays as it is while nothing can travel by it: a route, an interface that is up, a cable is the operator's to make. */
function underlayOutage(link: Link, { actual, facts }: Planning): Blocker | null {
  if (link.type === 'vlan') {
    const uplink = uplinkOf(link.physnet, actual, facts).value;
    return !uplink || uplink.linkUp
      ? null
      : pending('link_down', `the uplink ${uplink.name} of physnet ${link.physnet} has no link`).blocker;
  }
  return actual.routes.get(canonicalAddress(link.remote)) === undefined ? null : routeBlocker(link.remote, actual);
}

/** VPP drops what it would send to a port whose VM is not there, or has no driver running. */
function collectorFault(port: string, { actual }: Planning): Because | null {
  const entry = findPort(port, actual).value;
  if (!entry || entry.linkUp) return null;
  const reason = `copies are dropped: the collector's port ${port} has no link, nothing is connected to its interface ${entry.name} in VPP`;
  return because('collector_link_down', reason);
}

/** Puts an interface into the bridge domain and up, its ingress blocked or not. */
export function placing(
  { actual }: Planning,
  at: Ref,
  existing: ActualInterface | null,
  shg: number,
  ingressBlocked: boolean,
  domain: TargetDomain,
): Step[] {
  const member = existing && domain.keepsMembers ? actual.memberships.get(existing.index) : undefined;
  const placed = member?.bridgeDomain === domain.id && member.shg === shg;
  const now = existing ? (actual.features.get(existing.index)?.input ?? 0) & forwardingBits : forwardingBits;
  const bits = placed ? now : forwardingBits;
  const up = existing?.adminUp ?? false;
  // Joining a bridge domain lets frames in again: an interface whose ingress has to be blocked is down until it is. One whose ingress was
  // there already, and only changes its group, has copies passing: it stays up.
  const downFirst = ingressBlocked && !placed && up && (member?.bridgeDomain !== domain.id || now !== 0);
  const steps: Step[] = [];
  if (downFirst) steps.push({ kind: 'set-admin', at, up: false, before: true });
  if (!placed) steps.push({ kind: 'join-bridge', at, id: domain.id, shg });
  if (ingressBlocked && bits !== 0) steps.push({ kind: 'block-ingress', at });
  if (!ingressBlocked && bits !== forwardingBits) steps.push({ kind: 'unblock-ingress', at });
  if (!up || downFirst) steps.push({ kind: 'set-admin', at, up: true, before: false });
  return steps;
}

/**
 * Has the unicast of the bridge domain leave by an interface. It is a member first, in the inputs' group, which floods
 * pass by: so its ingress can be blocked, and it be up, before copies come its way, and none is lost or doubled when they do. Until the second
 * blocking it lets in what the collector sends; other nodes drop that at their outputs, which let nothing in.
 */
function takingUnicast(
  { actual }: Planning,
  at: Ref,
  existing: ActualInterface | null,
  { id, keepsMembers }: TargetDomain,
): Step[] {
  const up = existing?.adminUp ?? false;
  const member = existing && keepsMembers ? actual.memberships.get(existing.index) : undefined;
  const raise: Step = { kind: 'set-admin', at, up: true, before: false };
  if (existing && member?.bridgeDomain === id && member.shg === null) {
    const isIngressBlocked = ((actual.features.get(existing.index)?.input ?? 0) & forwardingBits) === 0;
    return [...(isIngressBlocked ? [] : [{ kind: 'block-ingress', at } as const]), ...(up ? [] : [raise])];
  }
  return [
    ...(up ? [{ kind: 'set-admin', at, up: false, before: true } as const] : []),
    { kind: 'join-bridge', at, id, shg: groups.input },
    { kind: 'block-ingress', at },
    raise,
    { kind: 'take-unicast', at, id, shg: groups.unicast },
    { kind: 'block-ingress', at },
  ];
}

function findCollector(
  { actual, taken }: Planning,
  service: string,
  kind: 'collector' | 'unicast',
  port: string,
): Found<Candidate> {
  const parent = findPort(port, actual);
  if (parent.blocker) return parent;
  const { index, supIndex, adminUp, name } = parent.value;
  if (supIndex !== index)
    return refused('port_is_subport', `port ${port} is a trunk's subport, which cannot be a collector`);
  if (!adminUp) return pending('port_down', `port ${port} is down: its interface ${name} is not up in VPP`);
  const subs = [...actual.interfaces.by('parent', index)].filter(isBesideSubports);
  const tag = ownTag(kind, service);
  const existing =
    subs.find((sub) => sub.tag === tag) ?? subs.find((sub) => isOrphanCollector(sub, actual) && taken.adopt(sub.index));
  if (existing) return found({ kind, existing, make: () => [], pop: 0 });
  const inner = taken.collectorTag(actual, index);
  if (inner === undefined)
    return refused('node_ids_exhausted', `port ${port} has no VLAN id left for another collector`);
  const make = (as: string): Step[] => [
    { kind: 'check-port', port, index },
    { kind: 'create-two-tags', as, parent: index, outer: reservedVlan, inner, subId: firstSubId + inner },
  ];
  return found({ kind, existing: null, make, pop: 0 });
}

/**
 * VLAN 4095 is reserved (IEEE 802.1Q), and Neutron gives trunks' subports VLANs and sub-interface ids up to 4094. So whatever
 * we put there never takes an id that networking-vpp needs on the same port: its agent would end at each start.
 */
const reservedVlan = 4095;
const firstSubId = 4096;

/** Not one that an older agent made with a subport's VLAN id: that is made anew. */
function isBesideSubports({ vlan }: ActualInterface): boolean {
  return vlan?.outer === reservedVlan && (vlan.match === 'exact-two' || vlan.match === 'exact');
}

/** An untagged sub-interface with the reserved VLAN is one that we made and did not come round to tag. */
export function isOrphanCollector(entry: ActualInterface, actual: Planning['actual']): boolean {
  return entry.tag === '' && isBesideSubports(entry) && !actual.memberships.get(entry.index);
}

function findLink(planning: Planning, service: string, link: Link): Found<Candidate> {
  return link.type === 'vlan' ? findVlan(planning, service, link) : findVxlan(planning, service, link);
}

function findVlan(
  { actual, facts }: Planning,
  service: string,
  { physnet, vlan }: Extract<Link, { type: 'vlan' }>,
): Found<Candidate> {
  const uplink = findUplink(physnet, actual, facts);
  if (uplink.blocker) return uplink;
  const parent = uplink.value.index;
  const holder = [...actual.interfaces.by('parent', parent)].find(
    (sub) => sub.subId === vlan || sub.vlan?.outer === vlan,
  );
  const make = (as: string): Step[] => [{ kind: 'create-vlan', as, parent, vlan }];
  if (!holder) return found({ kind: 'vlan', existing: null, make, pop: 1 });
  const tag = ownTag('vlan', service);
  // One of ours with another match than it should have is detached first, and made anew.
  if (holder.tag === tag && holder.vlan?.match !== 'outer')
    return found({ kind: 'vlan', existing: null, make, pop: 1 });
  if (holder.tag === tag || (isFree(holder, actual) && holder.vlan?.match === 'outer'))
    return found({ kind: 'vlan', existing: holder, make, pop: 1 });
  return inUse(`the VLAN of physnet ${physnet}`, holder);
}

function findVxlan(
  { actual, facts }: Planning,
  service: string,
  link: Extract<Link, { type: 'vxlan' }>,
): Found<Candidate> {
  const [local, remote] = [canonicalAddress(link.local), canonicalAddress(link.remote)];
  if (facts.tunnelAddress === null) return pending('no_tunnel_address', 'this node has no tunnel address configured');
  if (canonicalAddress(facts.tunnelAddress) !== local)
    return pending(
      'tunnel_address_mismatch',
      `the tunnel address of this node is ${facts.tunnelAddress}, not ${link.local} as the tap expects`,
    );
  if (local === remote)
    return refused('tunnel_address_conflict', `both ends of the tunnel have this node's own address ${link.local}`);
  const [tunnel] = actual.vxlans.by('spec', vxlanKey({ local, remote, vni: link.vni }));
  const holder = tunnel && actual.interfaces.get(tunnel.index);
  const make = (as: string): Step[] => [{ kind: 'create-vxlan', as, local, remote, vni: link.vni }];
  if (!holder) return found({ kind: 'vxlan', existing: null, make, pop: 0 });
  if (holder.tag === ownTag('vxlan', service) || isFree(holder, actual))
    return found({ kind: 'vxlan', existing: holder, make, pop: 0 });
  return inUse('the VXLAN id', holder);
}

/** Neither tagged nor bridged: made by us (the id is reserved for this service), and left before it was tagged. */
function isFree(entry: ActualInterface, actual: Planning['actual']): boolean {
  return entry.tag === '' && !actual.memberships.get(entry.index);
}

/** Not by whom, nor which id: it may be another project's, and the reason is for the tenant. */
function inUse(what: string, holder: ActualInterface): { readonly blocker: Blocker } {
  const reason = `${what} that this tap was given is in use on this node`;
  return holder.tag.startsWith('taas.')
    ? pending('waiting_for_release', `${reason}, until it is given back`)
    : refused('taken_by_others', `${reason} by others`);
}
