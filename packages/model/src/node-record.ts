import Type, { type Static } from 'typebox';
import { MirrorDirections, mostMtu, VlanFilter } from './api-record.js';
import { IpAddress, integer, Name, ProjectId, TunnelAddress } from './field-types.js';
import { FilterRule, mostFilterRules } from './filter.js';
import { flowOptions } from './flow-options.js';
import { uuidPattern } from './identifiers.js';
import { mirrorTypes } from './mirror-transport.js';

const Uuid = Type.String({ pattern: uuidPattern });

/** Copies of one tap service travel between nodes on a VLAN of a physnet: one id for all nodes that share it. */
export const VlanLink = Type.Object({
  type: Type.Literal('vlan'),
  physnet: Name,
  vlan: integer(1, 4094),
});
export type VlanLink = Static<typeof VlanLink>;

/** Or in a VXLAN tunnel between two nodes; `local` is this node's tunnel address, `remote` the peer's. */
export const VxlanLink = Type.Object({
  type: Type.Literal('vxlan'),
  vni: integer(1, 0xffffff),
  local: TunnelAddress,
  remote: TunnelAddress,
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
  project_id: ProjectId,
  removed: Type.Optional(Type.Boolean()),
};

/** Ways in from other nodes: as many as etcd has room for in a record. */
const mostInputs = 20_000;

/** `nodes/<node>/taas/tap_services/<id>`, on the collector's node: where copies come in from other nodes. */
export const NodeTapService = Type.Object({
  ...common,
  port_id: Uuid,
  inputs: Type.Array(Link, { maxItems: mostInputs }),
  /**
   * One way in more, from the server that sends receipts: what comes by it is no copy, and is counted by itself. An agent that does
   * not know it lets nothing in by it.
   */
  receipts: Type.Optional(VxlanLink),
});
export type NodeTapService = Static<typeof NodeTapService>;

/** `nodes/<node>/taas/tap_flows/<id>`, on the source's node. An empty filter copies everything. */
export const NodeTapFlow = Type.Object({
  ...common,
  tap_service_id: Uuid,
  source_port: Uuid,
  direction: Type.Enum(['IN', 'OUT', 'BOTH']),
  vlan_filter: Type.Union([VlanFilter, Type.Null()]),
  filter: Type.Array(FilterRule, { maxItems: mostFilterRules }),
  ...flowOptions,
  target: Type.Union([LocalTarget, VlanLink, VxlanLink]),
  /**
   * It stands only while `nodes/<node>/taas/captures/<tap service>` is there: without, as though it were `removed`. Told only to
   * agents with {@link captureCapability}.
   */
  leased: Type.Optional(Type.Boolean()),
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
  local: TunnelAddress,
  remote: IpAddress,
  directions: MirrorDirections,
  /** The longest IP packet of the port's network, in bytes, where the port's binding says so. */
  mtu: Type.Union([integer(1, mostMtu), Type.Null()]),
});
export type NodeTapMirror = Static<typeof NodeTapMirror>;

/** `nodes/<node>/taas/captures/<tap service>`, under the lease of the capture: somebody receives what the node copies for it. */
export const CaptureLease = Type.Object({ v: Type.Literal(1) });
export type CaptureLease = Static<typeof CaptureLease>;

/** An agent with this capability lets receipts in. */
export const receiptCapability = 'receipts';

/** An agent with this capability takes flows off its VPP when whoever received their copies is gone. */
export const captureCapability = 'captures';
