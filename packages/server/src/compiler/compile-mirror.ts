import {
  awaitsConsent,
  type Because,
  because,
  keys,
  mirrorTransports,
  type NodeTapMirror,
  nodeTapMirrorCodec,
  type TapMirrorRecord,
  unreadableAgent,
} from '@taas/model';
import type { RemoteAddressPolicy } from '../addresses/remote-address-policy.js';

import type { ClusterView } from '../view/cluster-view.js';
import type { MirrorNodeEntry } from '../view/mirror-index.js';
import type { WantedRecord } from './compiled.js';
import { mayTake } from './fair-share.js';
import { nodeLeft } from './migration.js';
import { whyUnable } from './node-abilities.js';
import { foreignPort, ownership } from './port-owner.js';
import type { SegmentPolicy } from './segment-options.js';
import { heard, isAlive, isUnreadable, nodeFacts, placeOf } from './service-slice.js';
import type { SessionsHeld, SessionsTaken } from './sessions-in-hand.js';
import { waitsForConsent } from './waits-for-consent.js';

export interface CompiledMirror {
  /**
   * What nodes should be told: that of the mirrored port, if it is known and can do it; and one that the port has left, marked as
   * such, as long as it does the new one's part.
   */
  readonly records: readonly WantedRecord[];
  /** Why the mirror cannot be placed where its port is, for the tenant. */
  readonly blocker: Because | null;
  /** What stands in the way does not go by waiting: the mirror is in error. */
  readonly lasting: boolean;
  /** The mirror's own record is malformed: nothing about it may be changed until somebody mends it. */
  readonly frozen: boolean;
  /** It could be placed if only an ERSPAN session were free for its project. */
  readonly waitsForSession: boolean;
  /** Sessions that nobody else may have once the node is told; null if it takes none of those that are few, or has them. */
  readonly takes: SessionsTaken | null;
}

/** What the operator lets mirrors do. */
export interface MirrorRules {
  readonly addresses: RemoteAddressPolicy;
  /** The part of the sessions of a node to an address that one project may hold. */
  readonly projectShare: SegmentPolicy['projectShare'];
  /** As the view says if absent. */
  readonly sessions?: SessionsHeld;
}

/** What nodes must be told of a mirror. A pure function of the view, the same on every replica. */
export function compileMirror(view: ClusterView, rules: MirrorRules, id: string): CompiledMirror {
  const entry = view.mirrors.byId.get(id);
  if (!entry) return refuse(because('record_invalid', `tap mirror ${id} does not exist`));
  if (!entry.record)
    return { ...refuse(because('record_invalid', `the record of tap mirror ${id} is malformed`)), frozen: true };
  const mirror = entry.record;
  if (mirror.deleting) return refuse(because('being_deleted', 'the tap mirror is being deleted'));
  if (awaitsConsent(mirror)) return refuse(waitsForConsent);
  const published = view.mirrors.publishedOf(id);
  const standing = published.filter(({ record }) => !record?.removed);
  // The API refuses these; a record written by other hands must not break the isolation either. And what an address is may
  // have become known since.
  const owner = ownership(view, mirror.port_id, mirror);
  if (owner === 'foreign') return { ...refuse(foreignPort(mirror.port_id)), lasting: true };
  const verdict = rules.addresses.judge(mirror.remote_ip, view.underlay);
  if (verdict.is === 'refused')
    return {
      ...refuse(because('remote_ip_refused', `copies cannot be sent to remote_ip: ${verdict.reason}`)),
      lasting: true,
    };
  if (verdict.is === 'unknown') return asItStands(published, because('remote_ip_unchecked', verdict.reason));
  const place = placeOf(view, mirror.port_id, owner, standing);
  const bound = 'blocker' in place ? null : place.node;
  const part = 'blocker' in place ? place : partOf(view, mirror, place.node, place.mtu);
  const takes = 'blocker' in part ? null : sessionsTaken(view, mirror, part);
  if (takes !== null && !mayHave(takes, rules.sessions ?? view.mirrors.sessions, rules.projectShare))
    return { ...refuse(because('sessions_exhausted', noSession(mirror))), waitsForSession: true };
  if (bound !== null && 'blocker' in part) return refuse(part.blocker);
  const reports = {
    heard: (each: MirrorNodeEntry) => heard(view, each),
    unreadable: (each: MirrorNodeEntry) => isUnreadable(view, each),
    alive: (node: string) => isAlive(view, node),
  };
  const left = nodeLeft(published, bound, reports);
  const stays = left === null ? null : partOf(view, mirror, left, undefined);
  const records = [
    ...('blocker' in part ? [] : [part]),
    ...(stays === null || 'blocker' in stays ? [] : [{ ...stays, leaving: true }]),
  ];
  const why = 'blocker' in part ? part.blocker : null;
  return { records, blocker: why, lasting: false, frozen: false, waitsForSession: false, takes };
}

function refuse(blocker: Because): CompiledMirror {
  return { records: [], blocker, lasting: false, frozen: false, waitsForSession: false, takes: null };
}

/** Nodes keep what they were told, and none is told anything new. */
function asItStands(published: readonly MirrorNodeEntry[], blocker: Because): CompiledMirror {
  const live = published.filter(({ record }) => !record?.removed);
  const records = live.map(({ key, node, kind, id, value }) => ({ key, node, kind, id, value, leaving: true }));
  return { records, blocker, lasting: false, frozen: false, waitsForSession: false, takes: null };
}

/**
 * Of some types VPP can send no more than so many sessions from a node to an address, and projects share them as they share
 * segments: one must not keep another's mirrors from its own collector. What a node was told stays.
 */
function sessionsTaken(
  view: ClusterView,
  mirror: TapMirrorRecord,
  { id, node }: Pick<WantedRecord, 'id' | 'node'>,
): SessionsTaken | null {
  const { mirror_type: type, remote_ip: remote, project_id: project } = mirror;
  if (mirrorTransports[type].sessions === null) return null;
  const published = view.mirrors.published({ node, id })?.record;
  if (published && !published.removed) return null;
  return { mirror: id, project, type, node, remote, count: Object.keys(mirror.directions).length };
}

function mayHave({ type, node, remote, project, count }: SessionsTaken, held: SessionsHeld, share: number): boolean {
  const size = mirrorTransports[type].sessions;
  return size === null || mayTake({ size, ...held.held(type, node, remote, project) }, share, count);
}

function noSession({ mirror_type: type, remote_ip: remote }: TapMirrorRecord): string {
  return (
    `no ${mirrorTransports[type].idName} to ${remote} is free for this project on the port's node: delete a tap mirror that is not needed, ` +
    'or use mirror_type gre'
  );
}

/**
 * What a node is told of a mirror.
 * @param mtu of the mirrored port; undefined if nobody knows: then what the node was told holds
 * @returns why copies cannot get out there, if they cannot
 */
function partOf(
  view: ClusterView,
  mirror: TapMirrorRecord,
  node: string,
  mtu: number | null | undefined,
): WantedRecord | { readonly blocker: Because } {
  const { id } = mirror;
  const key = keys.nodeResource(node, 'tap_mirrors', id);
  const unable = whyUnable(view, node, mirror.mirror_type);
  if (unable !== null) return { blocker: because('unsupported_by_node', unable) };
  const local = localAddress(view, node, id);
  if (local === null) return { blocker: noAddress(view, node) };
  if (local.includes(':') !== mirror.remote_ip.includes(':'))
    return {
      blocker: because(
        'address_family_mismatch',
        `copies cannot get from node ${node}, whose tunnel address is of ${family(local)}, to an address of ` +
          family(mirror.remote_ip),
      ),
    };
  const known = mtu === undefined ? (view.mirrors.published({ node, id })?.record?.mtu ?? null) : mtu;
  const value = nodeTapMirrorCodec.format(nodeRecord(mirror, local, known));
  return { key, node, kind: 'tap_mirrors', id, value, leaving: false };
}

function nodeRecord(mirror: TapMirrorRecord, local: string, mtu: number | null): NodeTapMirror {
  const { id, project_id, port_id, mirror_type, remote_ip, directions } = mirror;
  return { v: 1, id, project_id, port_id, mirror_type, local, remote: remote_ip, directions, mtu };
}

/** While a node's agent is silent nobody knows its address; what the node was told holds, so that nothing is interrupted. */
function localAddress(view: ClusterView, node: string, id: string): string | null {
  const facts = nodeFacts(view, node);
  if (facts.known) return facts.tunnelAddress;
  const published = view.mirrors.published({ node, id })?.record;
  return published && !published.removed ? published.local : null;
}

function noAddress(view: ClusterView, node: string): Because {
  if (nodeFacts(view, node).unreadable) return unreadableAgent(node);
  return nodeFacts(view, node).known
    ? because('no_tunnel_address', `node ${node} has no tunnel address that copies could be sent from`)
    : because('vpp_disconnected', `the TaaS agent of ${node} is not connected to its VPP`);
}

function family(address: string): string {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}
