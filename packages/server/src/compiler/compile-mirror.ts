import { keys, type NodeTapMirror, nodeTapMirrorCodec, type TapMirrorRecord } from '@taas/model';
import type { ClusterView } from '../view/cluster-view.js';
import { foreign, type WantedRecord } from './compile-service.js';
import { nodeFacts, placeOf } from './service-slice.js';

export interface CompiledMirror {
  /** What the mirrored port's node should be told, or null if no node should know of the mirror. */
  readonly record: WantedRecord | null;
  /** Why the mirror cannot be placed on a node, for the tenant. */
  readonly obstacle: string | null;
  /** The mirror's own record is malformed: nothing about it may be changed until somebody mends it. */
  readonly frozen: boolean;
}

/** What the node of the mirrored port must be told. A pure function of the view, the same on every replica. */
export function compileMirror(view: ClusterView, id: string): CompiledMirror {
  const entry = view.mirrors.byId.get(id);
  if (!entry) return refuse(`tap mirror ${id} does not exist`);
  if (!entry.record) return { ...refuse(`the record of tap mirror ${id} is malformed`), frozen: true };
  const mirror = entry.record;
  if (mirror.deleting) return refuse('the tap mirror is being deleted');
  const standing = view.mirrors.toldOf(id).filter((told) => !told.record?.removed);
  const place = placeOf(view, mirror.port_id, standing);
  if ('obstacle' in place) return refuse(place.obstacle);
  // The API refuses this; a record written by other hands must not break the isolation either.
  if (foreign(place.projectId, mirror)) return refuse(`port ${mirror.port_id} belongs to another project`);
  const { node } = place;
  const key = keys.nodeResource(node, 'tap_mirrors', id);
  const local = localAddress(view, node, key);
  if (local === null) return refuse(noAddress(view, node));
  if (local.includes(':') !== mirror.remote_ip.includes(':'))
    return refuse(
      `copies cannot get from node ${node}, whose tunnel address is of ${family(local)}, to an address of ` +
        family(mirror.remote_ip),
    );
  const mtu = place.mtu === undefined ? (view.mirrors.told(key)?.record?.mtu ?? null) : place.mtu;
  const value = nodeTapMirrorCodec.format(nodeRecord(mirror, local, mtu));
  const record = { key, node, kind: 'tap_mirrors', id, value, leaving: false } as const;
  return { record, obstacle: null, frozen: false };
}

function refuse(obstacle: string): CompiledMirror {
  return { record: null, obstacle, frozen: false };
}

function nodeRecord(mirror: TapMirrorRecord, local: string, mtu: number | null): NodeTapMirror {
  const { id, project_id, port_id, mirror_type, remote_ip, directions } = mirror;
  return { v: 1, id, project_id, port_id, mirror_type, local, remote: remote_ip, directions, mtu };
}

/** While a node's agent is silent nobody knows its address; what the node was told holds, so that nothing is interrupted. */
function localAddress(view: ClusterView, node: string, key: string): string | null {
  const facts = nodeFacts(view, node);
  if (facts.known) return facts.tunnelAddress;
  const told = view.mirrors.told(key)?.record;
  return told && !told.removed ? told.local : null;
}

function noAddress(view: ClusterView, node: string): string {
  return nodeFacts(view, node).known
    ? `node ${node} has no tunnel address that copies could be sent from`
    : `the TaaS agent of ${node} is not connected to its VPP`;
}

function family(address: string): string {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}
