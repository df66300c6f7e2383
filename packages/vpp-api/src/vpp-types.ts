import { enumOf, listOf, struct, unionOf } from './field-spec.js';

// Facts of VPP's API definitions, as far as its releases from 20.05 to 26.06 agree, checked against the VPP at hand at each connect.

/** src/vnet/interface_types.api */
export const ifStatusFlags = enumOf('u32', { IF_STATUS_API_FLAG_ADMIN_UP: 1, IF_STATUS_API_FLAG_LINK_UP: 2 });
export const ifType = enumOf('u32', {
  IF_API_TYPE_HARDWARE: 0,
  IF_API_TYPE_SUB: 1,
  IF_API_TYPE_P2P: 2,
  IF_API_TYPE_PIPE: 3,
});
export const linkDuplex = enumOf('u32', {
  LINK_DUPLEX_API_UNKNOWN: 0,
  LINK_DUPLEX_API_HALF: 1,
  LINK_DUPLEX_API_FULL: 2,
});
export const subIfFlags = enumOf('u32', {
  SUB_IF_API_FLAG_NO_TAGS: 1,
  SUB_IF_API_FLAG_ONE_TAG: 2,
  SUB_IF_API_FLAG_TWO_TAGS: 4,
  SUB_IF_API_FLAG_DOT1AD: 8,
  SUB_IF_API_FLAG_EXACT_MATCH: 16,
  SUB_IF_API_FLAG_DEFAULT: 32,
  SUB_IF_API_FLAG_OUTER_VLAN_ID_ANY: 64,
  SUB_IF_API_FLAG_INNER_VLAN_ID_ANY: 128,
});

/** src/vnet/l2/l2.api */
export const l2PortType = enumOf('u32', {
  L2_API_PORT_TYPE_NORMAL: 0,
  L2_API_PORT_TYPE_BVI: 1,
  L2_API_PORT_TYPE_UU_FWD: 2,
});

/** src/vnet/span/span.api; RX is what the interface receives, TX what it sends. */
export const spanState = enumOf('u32', {
  SPAN_STATE_API_DISABLED: 0,
  SPAN_STATE_API_RX: 1,
  SPAN_STATE_API_TX: 2,
  SPAN_STATE_API_RX_TX: 3,
});

/** src/vnet/ip/ip_types.api */
export const addressFamily = enumOf('u8', { ADDRESS_IP4: 0, ADDRESS_IP6: 1 });
const addressUnion = unionOf({ ip4: 'u8[4]', ip6: 'u8[16]' });
export const address = struct({ af: addressFamily, un: addressUnion });
export const prefix = struct({ address, len: 'u8' });
export const ipProto = enumOf('u8', {
  IP_API_PROTO_HOPOPT: 0,
  IP_API_PROTO_ICMP: 1,
  IP_API_PROTO_TCP: 6,
  IP_API_PROTO_UDP: 17,
  IP_API_PROTO_ICMP6: 58,
});

/** src/plugins/acl/acl_types.api */
export const aclAction = enumOf('u8', {
  ACL_ACTION_API_DENY: 0,
  ACL_ACTION_API_PERMIT: 1,
  ACL_ACTION_API_PERMIT_REFLECT: 2,
});
export const aclRule = struct({
  is_permit: aclAction,
  src_prefix: prefix,
  dst_prefix: prefix,
  proto: ipProto,
  srcport_or_icmptype_first: 'u16',
  srcport_or_icmptype_last: 'u16',
  dstport_or_icmpcode_first: 'u16',
  dstport_or_icmpcode_last: 'u16',
  tcp_flags_mask: 'u8',
  tcp_flags_value: 'u8',
});

/** src/plugins/policer/policer_types.api; until 25.x in src/vnet/policer */
const policerAction = struct({
  type: enumOf('u8', {
    SSE2_QOS_ACTION_API_DROP: 0,
    SSE2_QOS_ACTION_API_TRANSMIT: 1,
    SSE2_QOS_ACTION_API_MARK_AND_TRANSMIT: 2,
  }),
  dscp: 'u8',
});
/** How fast, by which algorithm, and what becomes of a packet of each colour. Bursts are bytes where the rate is kbit/s. */
const policerRule = {
  cir: 'u32',
  eir: 'u32',
  cb: 'u64',
  eb: 'u64',
  rate_type: enumOf('u8', { SSE2_QOS_RATE_API_KBPS: 0, SSE2_QOS_RATE_API_PPS: 1 }),
  round_type: enumOf('u8', { SSE2_QOS_ROUND_API_TO_CLOSEST: 0 }),
  type: enumOf('u8', { SSE2_QOS_POLICER_TYPE_API_1R2C: 0 }),
  color_aware: 'bool',
  conform_action: policerAction,
  exceed_action: policerAction,
  violate_action: policerAction,
} as const;
export const policerConfig = struct(policerRule);
export const policerRequest = { name: 'string[64]', ...policerRule } as const;
export const policerDetails = {
  ...policerRequest,
  single_rate: 'bool',
  scale: 'u32',
  cir_tokens_per_period: 'u32',
  pir_tokens_per_period: 'u32',
  current_limit: 'u32',
  current_bucket: 'u32',
  extended_limit: 'u32',
  extended_bucket: 'u32',
  last_update_time: 'u64',
} as const;

/** src/vnet/classify/classify.api */
export const policerTable = enumOf('u8', { POLICER_CLASSIFY_API_TABLE_L2: 2 });

/** src/vnet/gre/gre.api and src/vnet/tunnel/tunnel_types.api */
export const greTunnelType = enumOf('u8', {
  GRE_API_TUNNEL_TYPE_L3: 0,
  GRE_API_TUNNEL_TYPE_TEB: 1,
  GRE_API_TUNNEL_TYPE_ERSPAN: 2,
});
export const tunnelMode = enumOf('u8', { TUNNEL_API_MODE_P2P: 0, TUNNEL_API_MODE_MP: 1 });
export const tunnelFlags = enumOf('u8', { TUNNEL_API_ENCAP_DECAP_FLAG_NONE: 0 });
const greTunnelFields = {
  type: greTunnelType,
  mode: tunnelMode,
  flags: tunnelFlags,
  session_id: 'u16',
  instance: 'u32',
  outer_table_id: 'u32',
  sw_if_index: 'u32',
  src: address,
  dst: address,
} as const;
/** Before 25.10 VPP knew no GRE key. */
export const greTunnelWithoutKey = struct(greTunnelFields);
export const greTunnel = struct({ ...greTunnelFields, key: 'u32' });

/** src/vnet/fib/fib_types.api: one way of a route; `proto` 0 is IPv4, 1 IPv6. */
const fibPath = struct({
  sw_if_index: 'u32',
  table_id: 'u32',
  rpf_id: 'u32',
  weight: 'u8',
  preference: 'u8',
  type: enumOf('u32', {
    FIB_API_PATH_TYPE_NORMAL: 0,
    FIB_API_PATH_TYPE_LOCAL: 1,
    FIB_API_PATH_TYPE_DROP: 2,
  }),
  flags: enumOf('u32', { FIB_API_PATH_FLAG_NONE: 0 }),
  proto: enumOf('u32', { FIB_API_PATH_NH_PROTO_IP4: 0, FIB_API_PATH_NH_PROTO_IP6: 1 }),
  nh: struct({ address: addressUnion, via_label: 'u32', obj_id: 'u32', classify_table_index: 'u32' }),
  n_labels: 'u8',
  label_stack: listOf(struct({ is_uniform: 'u8', label: 'u32', ttl: 'u8', exp: 'u8' }), 16),
});

/** src/vnet/ip/ip.api */
export const ipRoute = struct({
  table_id: 'u32',
  stats_index: 'u32',
  prefix,
  n_paths: 'u8 count',
  paths: listOf(fibPath),
});

/** src/vnet/ip-neighbor/ip_neighbor.api */
export const ipNeighbor = struct({
  sw_if_index: 'u32',
  flags: enumOf('u8', {
    IP_API_NEIGHBOR_FLAG_NONE: 0,
    IP_API_NEIGHBOR_FLAG_STATIC: 1,
    IP_API_NEIGHBOR_FLAG_NO_FIB_ENTRY: 2,
  }),
  mac_address: 'u8[6]',
  ip_address: address,
});

/** src/vnet/devices/virtio/virtio_types.api: two words of feature bits, of which we name none. */
export const virtioFeatures = enumOf('u32', {});

/** src/vnet/pg/pg.api */
export const pgMode = enumOf('u8', { PG_API_MODE_ETHERNET: 0, PG_API_MODE_IP4: 1, PG_API_MODE_IP6: 2 });
export const pgFlags = enumOf('u32', { PG_API_FLAG_NONE: 0 });

/** src/plugins/memif/memif.api */
export const memifRole = enumOf('u32', { MEMIF_ROLE_API_MASTER: 0, MEMIF_ROLE_API_SLAVE: 1 });
export const memifMode = enumOf('u32', { MEMIF_MODE_API_ETHERNET: 0, MEMIF_MODE_API_IP: 1 });

/** src/vnet/classify/classify.api */
export const classifyAction = enumOf('u8', {
  CLASSIFY_API_ACTION_NONE: 0,
  CLASSIFY_API_ACTION_SET_IP4_FIB_INDEX: 1,
  CLASSIFY_API_ACTION_SET_IP6_FIB_INDEX: 2,
  CLASSIFY_API_ACTION_SET_METADATA: 3,
});
