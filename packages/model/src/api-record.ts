import Type, { type Static } from 'typebox';
import { IpAddress, integer, Line, Name, ProjectId, TunnelAddress } from './field-types.js';
import { FilterRule, mostFilterRules } from './filter.js';
import { flowOptions } from './flow-options.js';
import { uuidPattern } from './identifiers.js';
import { mirrorTypes } from './mirror-transport.js';

const Uuid = Type.String({ pattern: uuidPattern });

/** More than any network's: IPv6's jumbograms. */
export const mostMtu = 0xffffffff;

/** As long as a request may be that makes one; a node refuses more parts than it can wire. */
export const VlanFilter = Type.String({ maxLength: 1_500_000 });

/** Empty in development mode, where callers need not say who they are. */
const UserId = Type.String({ maxLength: 255 });

/** Users who change one tap while it waits: more than ever talk about one. */
export const mostAskers = 16;

/**
 * Who asked for a tap, who else has changed what waits, and who has agreed to it: somebody else than all of them. Without `agreed` no
 * node is told of it.
 */
export const Consent = Type.Object({
  requested_by: UserId,
  also_by: Type.Optional(Type.Array(UserId, { maxItems: mostAskers - 1 })),
  agreed: Type.Optional(Type.Object({ by: UserId, at: integer(0) })),
});
export type Consent = Static<typeof Consent>;

/** Whether a tap waits until a second person agrees. */
export const awaitsConsent = ({ consent }: { readonly consent?: Consent }): boolean =>
  consent !== undefined && consent.agreed === undefined;

/** `deleting` is set when a user's DELETE was accepted; the record goes when every node has confirmed. */
const common = {
  v: Type.Literal(1),
  id: Uuid,
  project_id: ProjectId,
  name: Type.String(),
  description: Type.String(),
  /** Milliseconds since the epoch; orders lists. */
  created_at: integer(0),
  deleting: Type.Optional(Type.Boolean()),
  /** When it goes by itself, in ms since the epoch; absent: never. */
  expires_at: Type.Optional(integer(0)),
  /** The same as it was given, where that differs from how it would be shown. */
  expires_at_given: Type.Optional(Type.String({ maxLength: 64 })),
  /** Why it is there; absent: nobody has said. */
  reason: Type.Optional(Type.String()),
};

/** Of what copies a port's traffic; absent: nobody has to agree. */
const consent = Type.Optional(Consent);

/**
 * A program that receives copies in VXLAN instead of a port: that of a capture. The records of its tap service and tap flow, and
 * what lets nodes copy for it, hang on one lease of etcd: when its server is gone, they are.
 */
export const Receiver = Type.Object({
  /** Where copies are sent, UDP port 4789. */
  address: TunnelAddress,
  lease: Type.String({ pattern: '^[0-9a-zA-Z-]{1,64}$' }),
  /** The server that receives: a name for people. */
  server: Line,
});
export type Receiver = Static<typeof Receiver>;

/** The capture that a tap service or a tap flow is a part of: these are not shown as what they are, but as the capture. */
const capture = Type.Optional(Uuid);

const serviceFields = Type.Object({
  ...common,
  capture,
  port_id: Type.Optional(Uuid),
  receiver: Type.Optional(Receiver),
  /** Its collector is told by a server how much it should have been given. Absent: it is not. */
  receipts: Type.Optional(Type.Literal(true)),
});

/** `/networking-vpp/taas/tap_services/<id>`: who receives copies: a port, or a receiver. */
export const TapServiceRecord = Type.Refine(
  serviceFields,
  (record) => (record.port_id === undefined) !== (record.receiver === undefined),
  () => 'must have a port_id or a receiver',
);
export type TapServiceRecord = Static<typeof serviceFields>;

/** A part of a filter rule as a client gave it: a short text or a number. */
const GivenPart = Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Integer()]));
/** A filter rule in the client's own spelling; parts that it does not name are absent. */
export const GivenRule = Type.Object({
  ethertype: GivenPart,
  protocol: GivenPart,
  source_ip_prefix: GivenPart,
  destination_ip_prefix: GivenPart,
  source_port: GivenPart,
  destination_port: GivenPart,
});
export type GivenRule = Static<typeof GivenRule>;

/** `/networking-vpp/taas/tap_flows/<id>`: copy a source port's traffic to a tap service. */
export const TapFlowRecord = Type.Object({
  ...common,
  capture,
  consent,
  tap_service_id: Uuid,
  source_port: Uuid,
  direction: Type.Enum(['IN', 'OUT', 'BOTH']),
  vlan_filter: Type.Union([VlanFilter, Type.Null()]),
  /** Absent or empty: no filter. */
  filter_rules: Type.Optional(Type.Array(FilterRule, { maxItems: mostFilterRules })),
  /** The rules as they were given, in the same order, where that differs from how they would be shown. */
  filter_rules_given: Type.Optional(Type.Array(GivenRule, { maxItems: mostFilterRules })),
  ...flowOptions,
});
export type TapFlowRecord = Static<typeof TapFlowRecord>;

/** Tunnel ids by direction; at least one. */
export const MirrorDirections = Type.Object(
  {
    IN: Type.Optional(integer(0, 0xffffffff)),
    OUT: Type.Optional(integer(0, 0xffffffff)),
    BOTH: Type.Optional(integer(0, 0xffffffff)),
  },
  { minProperties: 1 },
);
export type MirrorDirections = Static<typeof MirrorDirections>;

const GivenId = Type.Optional(Type.Union([Type.Integer(), Type.String({ maxLength: 16 })]));
/** Tunnel ids as a client gave them: numbers, or texts of digits. */
export const GivenDirections = Type.Object({ IN: GivenId, OUT: GivenId, BOTH: GivenId });
export type GivenDirections = Static<typeof GivenDirections>;

/** `/networking-vpp/taas/tap_mirrors/<id>`: copy a port's traffic to an IP address outside. */
export const TapMirrorRecord = Type.Object({
  ...common,
  consent,
  port_id: Uuid,
  mirror_type: Type.Enum([...mirrorTypes]),
  remote_ip: IpAddress,
  directions: MirrorDirections,
  /** As they were given, if not as numbers: clients look for what they have sent. */
  directions_given: Type.Optional(GivenDirections),
});
export type TapMirrorRecord = Static<typeof TapMirrorRecord>;

/**
 * `/networking-vpp/taas/tunnel_ids/<project>/<n>`: the tap mirror that has tunnel id n in its project. Taken with
 * compare-and-create in the transaction that makes the mirror, given back when no node has a record of it any more.
 */
export const TunnelIdRecord = Type.Object({ v: Type.Literal(1), tap_mirror_id: Uuid });
export type TunnelIdRecord = Static<typeof TunnelIdRecord>;

/**
 * `/networking-vpp/taas/receipt_sender`: from where receipts come. Written by the leading server, and by nobody when it stops: the next
 * leader says anew where from, so that no node is told otherwise in between. Absent: nobody sends any.
 */
export const ReceiptSenderRecord = Type.Object({ v: Type.Literal(1), address: TunnelAddress });
export type ReceiptSenderRecord = Static<typeof ReceiptSenderRecord>;

const limit = Type.Optional(integer(-1));

/** `/networking-vpp/taas/quotas/<project>`: what an administrator has set; -1 is no limit, absent the default. */
export const QuotaRecord = Type.Object({ v: Type.Literal(1), tap_service: limit, tap_flow: limit, tap_mirror: limit });
export type QuotaRecord = Static<typeof QuotaRecord>;

/**
 * `/networking-vpp/taas/port_roles/<port>`: what a port is used for. A port is a source or a collector and never both,
 * which rules out loops and chains of taps on any number of nodes. Writers compare this key's value in their
 * transaction, so that two requests on two servers cannot give a port both roles.
 */
export const PortRoleRecord = Type.Object({
  v: Type.Literal(1),
  role: Type.Union([Type.Literal('source'), Type.Literal('collector')]),
  /**
   * Whose port Neutron said it is, when the tap was let in or at a later look. Absent: nobody has asked; then no node is told of a
   * tap on it that was not told before.
   */
  project_id: Type.Optional(ProjectId),
});
export type PortRoleRecord = Static<typeof PortRoleRecord>;

/**
 * `/networking-vpp/taas/port_bindings/<port>`: where a port with taps is bound, as the leading server has last heard from
 * outside (networking-vpp's v2 keys, Neutron). No record means that nobody has heard yet, not that it is bound nowhere.
 */
export const PortBindingRecord = Type.Object({
  v: Type.Literal(1),
  /** Null if the port is bound to no node. */
  node: Type.Union([Name, Type.Null()]),
  /** Why it is not: a sentence for the tenant. */
  reason: Line,
  /** Whose port it is, if whoever knows the binding knows that. */
  project_id: Type.Union([ProjectId, Type.Null()]),
  /** The longest IP packet of the port's network, in bytes, if whoever knows the binding knows that. */
  mtu: Type.Optional(integer(1, mostMtu)),
});
export type PortBindingRecord = Static<typeof PortBindingRecord>;

/** `/networking-vpp/taas/segments/<type>/<physnet or ->/<n>`: the tap service that holds VLAN id or VNI n. */
export const SegmentRecord = Type.Object({ v: Type.Literal(1), tap_service_id: Uuid });
export type SegmentRecord = Static<typeof SegmentRecord>;

/**
 * `/networking-vpp/taas/underlay/<node>`: tunnel addresses that the node's agent has ever reported. Tap mirrors may not send to
 * them, whether or not the agent lives. Written by the leading server, and never shortened but by an operator.
 */
export const UnderlayRecord = Type.Object({
  v: Type.Literal(1),
  addresses: Type.Array(TunnelAddress, { maxItems: 16 }),
});
export type UnderlayRecord = Static<typeof UnderlayRecord>;

/**
 * `/networking-vpp/taas/physnets/<physnet>`: whether copies may travel by the VLANs that the configuration reserves on a physical
 * network, as the leading server has last found out. No record means that nobody has found out yet: they may not.
 */
export const PhysnetRecord = Type.Object({
  v: Type.Literal(1),
  /** The VLAN ids that this was found out of. */
  first: integer(1, 4094),
  last: integer(1, 4094),
  /** `open`: they are for TaaS alone. `kept`: they were a while ago; links that stand stay, and none is begun. */
  vlans: Type.Enum(['open', 'kept', 'closed']),
  /** Why not `open`: for the operator, never for a tenant, since it may tell of other tenants' networks. */
  reason: Line,
  /** When Neutron last said that they are for TaaS alone, in ms since the epoch; null if that does not count any more. */
  checked_at: Type.Union([integer(0), Type.Null()]),
  /** Nodes whose uplink was in layer 2 when their agent last told. */
  layer2_nodes: Type.Array(Name),
});
export type PhysnetRecord = Static<typeof PhysnetRecord>;
