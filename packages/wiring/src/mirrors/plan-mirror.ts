import { findPort } from '../find-interface.js';
import { canonicalAddress } from '../node-facts.js';
import type { ActualInterface } from '../objects/interface.js';
import { spansOff } from '../objects/span.js';
import { type Blocker, type Found, found, pending, refused, warningOf } from '../plan/blocker.js';
import { noCopiesOf } from '../plan/no-copies.js';
import { suspension, thinning } from '../plan/overload.js';
import { evictStrangers, planBridge, untaggedHomes } from '../plan/plan-bridge.js';
import { planPolicer, removePolicer } from '../plan/plan-policer.js';
import { pruneKey, reviveSource, sourceKey } from '../plan/plan-source.js';
import type { Planning } from '../plan/planning.js';
import { removeInterface } from '../removal.js';
import { placing, type TargetDomain } from '../services/plan-attachment.js';
import { stateOf } from '../services/plan-direct.js';
import type { ActualView } from '../snapshot.js';
import type { Ref, Step } from '../steps.js';
import { loopbackMac, ownTag } from '../tags.js';
import type { WantedMirror } from '../wanted/wanted-mirrors.js';
import { legDirections, legId, legsOf, type MirrorLeg } from './mirror-leg.js';
import { tunnelAt, tunnelKinds } from './mirror-tunnel.js';
import { isOurInstance } from './taken-tunnels.js';
import { mtuWarning, routeBlocker } from './underlay.js';

/**
 * No limit of the tunnel's own, which VPP would set at 9,000 bytes: it drops longer frames without a word, where those that
 * are too long for the underlay leave in fragments at least.
 */
const tunnelMtu = 65_535;

const legKey = (leg: string): string => `leg:${leg}`;

/**
 * Plans one tap mirror: for each direction that it names a tunnel to the address outside, the only member besides the
 * loopback of a bridge domain, and the port mirrored to that loopback. Each leg comes and goes as a whole.
 */
export function planMirror(planning: Planning, id: string): void {
  const { wanted, draft } = planning;
  if (wanted.mirrors.isUnreadable(id)) return;
  const mirror = wanted.mirrors.get(id);
  const legs = mirror ? legsOf(mirror.record) : [];
  const { overload } = planning.facts;
  const tags = legs.map((leg) => ownTag('mirror', leg.id));
  for (const direction of legDirections) {
    const leg = legId(id, direction);
    if (!legs.some((each) => each.direction === direction))
      draft.add(legKey(leg), [pruneKey], removeLeg(planning, leg));
  }
  if (!mirror) return;
  const source = mirror.record.removed ? undefined : mirrorSource(planning, mirror);
  const blockers = legs.map((leg) => wireLeg(planning, mirror, leg, source));
  const index = source?.value?.index;
  draft.outlook({
    kind: 'tap_mirrors',
    id,
    revision: mirror.revision,
    removed: mirror.record.removed === true,
    blocker:
      source?.blocker ??
      blockers.find((each) => each !== null) ??
      (mirror.record.removed ? null : routeBlocker(mirror.record.remote, planning.actual)) ??
      suspension(overload, tags),
    warning:
      warningOf('mtu_too_small', index === undefined ? '' : mtuWarning(mirror.record, index, planning.actual)) ??
      warningOf('copies_dropped', thinning(overload, tags)),
    fault: noCopiesOf(planning.facts, tags, mirror.record.port_id, 3),
    keys: [
      ...legDirections.map((direction) => legKey(legId(id, direction))),
      ...(index === undefined ? [] : [sourceKey(index)]),
    ],
  });
}

/** The interface that is to be mirrored, or what is missing on this node for any leg of the mirror. */
function mirrorSource({ actual, facts }: Planning, { record }: WantedMirror): Found<ActualInterface> {
  if (facts.tunnelAddress === null) return pending('no_tunnel_address', 'this node has no tunnel address configured');
  if (canonicalAddress(facts.tunnelAddress) !== canonicalAddress(record.local))
    return pending(
      'tunnel_address_mismatch',
      `the tunnel address of this node is ${facts.tunnelAddress}, not ${record.local} as the mirror expects`,
    );
  const source = findPort(record.port_id, actual);
  if (source.blocker) return source;
  // VPP mirrors at layer 2, and takes an order for an interface that is not there without ever copying anything.
  if (!actual.features.get(source.value.index))
    return pending('port_not_connected', `port ${record.port_id} is not connected to its network yet`);
  return source;
}

/** @returns why the leg cannot stand; it is taken away then */
function wireLeg(
  planning: Planning,
  { record }: WantedMirror,
  leg: MirrorLeg,
  source: Found<ActualInterface> | undefined,
): Blocker | null {
  const { draft } = planning;
  const tunnel = source?.value ? findTunnel(planning, leg) : undefined;
  const bridge = tunnel?.value ? planBridge(planning, ownTag('mirror', leg.id)) : undefined;
  if (!source?.value || !tunnel?.value || !bridge?.domain) {
    draft.add(legKey(leg.id), [pruneKey], removeLeg(planning, leg.id));
    return tunnel?.blocker ?? bridge?.blocker ?? null;
  }
  reviveSource(planning, record.port_id, source.value.index);
  draft.add(
    legKey(leg.id),
    [pruneKey, sourceKey(source.value.index)],
    [
      ...bridge.steps,
      ...planTunnel(planning, leg, tunnel.value, bridge.domain),
      ...planLoopback(planning, leg, record.port_id, source.value.index, bridge.domain),
      ...removeDomains(planning, leg.id, bridge.domain.id),
    ],
  );
  return null;
}

/** The leg's tunnel in VPP, or null if it is to be made. */
interface LegTunnel {
  readonly existing: ActualInterface | null;
  readonly instance: number;
}

function findTunnel({ actual, tunnels }: Planning, leg: MirrorLeg): Found<LegTunnel> {
  const { spec } = leg;
  const kind = tunnelKinds[spec.type];
  const unsupported = kind.unsupported(spec.id);
  if (unsupported !== null) return refused('tunnel_id_unsupported', unsupported);
  const where = `${spec.remote} with ${kind.idName} ${spec.id}`;
  // Not by whom: it may be another project's.
  const taken = `this node cannot send to ${where} for this tap mirror: use another tunnel id`;
  const like = kind.like(spec, actual);
  const holder = like && actual.interfaces.get(like.index);
  if (!like || !holder) {
    if (!tunnels.claim(spec)) return pending('waiting_for_release', taken);
    const instance = tunnels.instance(leg, actual);
    return instance === undefined
      ? refused('node_ids_exhausted', 'VPP has no number left for another tunnel')
      : found({ existing: null, instance });
  }
  const isOurs = holder.tag === ownTag('gre', leg.id);
  if (isOurs) return found({ existing: holder, instance: like.instance });
  if (isOrphanTunnel(holder, actual) && tunnels.claim(spec)) {
    tunnels.adopt(holder.index);
    return found({ existing: holder, instance: like.instance });
  }
  if (holder.tag.startsWith('taas.') || isOurInstance(like.instance)) return pending('waiting_for_release', taken);
  return refused('taken_by_others', `this node has a tunnel to ${where} already, which is not of TaaS's making`);
}

function planTunnel(
  planning: Planning,
  leg: MirrorLeg,
  { existing, instance }: LegTunnel,
  domain: TargetDomain,
): Step[] {
  const { actual } = planning;
  const tag = ownTag('gre', leg.id);
  const as = `gre:${leg.id}`;
  const at: Ref = existing ? { index: existing.index } : { ref: as };
  const steps = [...actual.interfaces.by('tag', tag)]
    .filter((entry) => entry.index !== existing?.index)
    .flatMap((entry) => removeInterface(entry, actual));
  if (!existing) steps.push(tunnelKinds[leg.spec.type].create(as, instance, leg.spec));
  if (existing?.tag !== tag) steps.push({ kind: 'set-tag', at, tag, before: '' });
  if (existing?.mtu?.packet !== tunnelMtu) steps.push({ kind: 'set-mtu', at, mtu: tunnelMtu });
  // Ingress is blocked: what the address outside sends back must not reach anybody.
  return [...steps, ...placing(planning, at, existing, 0, true, domain)];
}

function planLoopback(planning: Planning, leg: MirrorLeg, port: string, from: number, domain: TargetDomain): Step[] {
  const { actual, facts } = planning;
  const tag = ownTag('mirror', leg.id);
  const as = `loopback:${leg.id}`;
  const [existing, ...doubles] = [...actual.interfaces.by('tag', tag)].sort((a, b) => a.index - b.index);
  const at: Ref = existing ? { index: existing.index } : { ref: as };
  const steps = doubles.flatMap((double) => removeInterface(double, actual, 'loopback'));
  if (!existing) {
    steps.push({ kind: 'create-loopback', as, mac: loopbackMac(leg.id) });
    steps.push({ kind: 'set-tag', at, tag, before: '' });
  } else steps.push(...spansOff(existing.index, actual, new Set([from])));
  const member = existing && domain.keepsMembers ? actual.memberships.get(existing.index) : undefined;
  const stays = member?.bridgeDomain === domain.id;
  if (!stays || member.shg !== 1) steps.push({ kind: 'join-bridge', at, id: domain.id, shg: 1 });
  steps.push(...planPolicer({ tag, loopback: existing, at, stays }, facts.policedKbps, actual));
  if (!existing?.adminUp) steps.push({ kind: 'set-admin', at, up: true, before: false });
  const before = existing ? actual.spans.state(from, existing.index) : 0;
  const state = facts.overload.suspended.has(tag) ? 0 : stateOf[leg.direction];
  if (before !== state) {
    steps.push({ kind: 'check-port', port, index: from });
    steps.push({ kind: 'set-span', from, to: at, state, before });
  }
  return steps;
}

/** Everything of a leg, mirrors first, so that nothing is mirrored to an index that is free. */
function removeLeg(planning: Planning, leg: string): Step[] {
  const { actual } = planning;
  const tag = ownTag('mirror', leg);
  const loopbacks = actual.interfaces.by('tag', tag);
  return [
    ...loopbacks.flatMap((entry) => removeInterface(entry, actual, 'loopback')),
    ...actual.interfaces.by('tag', ownTag('gre', leg)).flatMap((entry) => removeInterface(entry, actual)),
    ...removeDomains(planning, leg, null),
    ...removePolicer(tag, actual, new Set(loopbacks.map(({ index }) => index))),
  ];
}

/** Bridge domains of a leg, when all that stays of it is in the one that is kept. */
function removeDomains(planning: Planning, leg: string, kept: number | null): Step[] {
  const { actual } = planning;
  const members = (['mirror', 'gre'] as const).flatMap((kind) => actual.interfaces.by('tag', ownTag(kind, leg)));
  const untagged = untaggedHomes(planning, members, ({ id }) => id === leg);
  return [...actual.bridgeDomains.by('tag', ownTag('mirror', leg)), ...untagged]
    .filter(({ id }) => id !== kept)
    .flatMap((domain): Step[] => [
      ...evictStrangers(actual, domain),
      { kind: 'delete-bridge-domain', id: domain.id, tag: domain.tag },
    ]);
}

/** A tunnel that we made and did not come round to tag: nobody else asks for its number. */
export function isOrphanTunnel(entry: ActualInterface, actual: ActualView): boolean {
  const tunnel = tunnelAt(entry.index, actual);
  return (
    entry.tag === '' && tunnel !== undefined && isOurInstance(tunnel.instance) && !actual.memberships.get(entry.index)
  );
}
