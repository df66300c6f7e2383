import Type, { type Static } from 'typebox';
import { MirrorDirections } from './api-record.js';
import { FilterRule } from './filter.js';
import { mirrorTypes, uuidPattern } from './identifiers.js';

const Uuid = Type.String({ pattern: uuidPattern });

/** Copies of one tap service travel between nodes on a VLAN of a physnet: one id for all nodes that share it. */
export const VlanLink = Type.Object({
  type: Type.Literal('vlan'),
  physnet: Type.String({ minLength: 1 }),
  vlan: Type.Integer({ minimum: 1, maximum: 4094 }),
});
export type VlanLink = Static<typeof VlanLink>;

/** Or in a VXLAN tunnel between two nodes; `local` is this node's tunnel address, `remote` the peer's. */
export const VxlanLink = Type.Object({
  type: Type.Literal('vxlan'),
  vni: Type.Integer({ minimum: 1, maximum: 0xffffff }),
  local: Type.String({ minLength: 1 }),
  remote: Type.String({ minLength: 1 }),
});
export type VxlanLink = Static<typeof VxlanLink>;

export const Link = Type.Union([VlanLink, VxlanLink]);
export type Link = Static<typeof Link>;

/** The collector is on the same node: flow loopback and collector meet in the service bridge domain. */
export const LocalTarget = Type.Object({ type: Type.Literal('local') });
export type LocalTarget = Static<typeof LocalTarget>;

/**
 * `removed` is a tombstone: nothing of this may be left in VPP. The agent confirms with the status REMOVED, and only
 * then the compiler deletes the key. An absent key alone could not tell "taken away" from "never seen".
 */
const common = {
  v: Type.Literal(1),
  id: Uuid,
  project_id: Type.String({ minLength: 1 }),
  removed: Type.Optional(Type.Boolean()),
};

/** `nodes/<node>/taas/tap_services/<id>`, on the collector's node: where copies come in from other nodes. */
export const NodeTapService = Type.Object({ ...common, port_id: Uuid, inputs: Type.Array(Link) });
export type NodeTapService = Static<typeof NodeTapService>;

/** `nodes/<node>/taas/tap_flows/<id>`, on the source's node. An empty filter copies everything. */
export const NodeTapFlow = Type.Object({
  ...common,
  tap_service_id: Uuid,
  source_port: Uuid,
  direction: Type.Enum(['IN', 'OUT', 'BOTH']),
  vlan_filter: Type.Union([Type.String(), Type.Null()]),
  filter: Type.Array(FilterRule),
  target: Type.Union([LocalTarget, VlanLink, VxlanLink]),
});
export type NodeTapFlow = Static<typeof NodeTapFlow>;

/**
 * `nodes/<node>/taas/tap_mirrors/<id>`, on the mirrored port's node: copies leave it in GRE from `local`, the node's
 * tunnel address, to `remote`.
 */
export const NodeTapMirror = Type.Object({
  ...common,
  port_id: Uuid,
  mirror_type: Type.Enum([...mirrorTypes]),
  local: Type.String({ minLength: 1 }),
  remote: Type.String({ minLength: 1 }),
  directions: MirrorDirections,
  /** The longest IP packet of the port's network, in bytes, where the port's binding says so. */
  mtu: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
});
export type NodeTapMirror = Static<typeof NodeTapMirror>;
