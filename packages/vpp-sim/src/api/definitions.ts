import { parseApiJson, type Schema } from 'vpp-api';
import { differing } from './differences.js';
import { type ApiModule, apiModule } from './notation.js';
import type { Release } from './releases.js';

// Names, layouts and CRCs are facts of VPP 26.06's API definitions; a test compares each with an installed VPP. In what other
// releases differ is in `differences.ts`.

const shared = `
  enum if_status_flags u32 IF_STATUS_API_FLAG_ADMIN_UP=1 IF_STATUS_API_FLAG_LINK_UP=2
  enum link_duplex u32 LINK_DUPLEX_API_UNKNOWN=0 LINK_DUPLEX_API_HALF=1 LINK_DUPLEX_API_FULL=2
  enum if_type u32 IF_API_TYPE_HARDWARE=0 IF_API_TYPE_SUB=1 IF_API_TYPE_P2P=2 IF_API_TYPE_PIPE=3
  enum sub_if_flags u32 SUB_IF_API_FLAG_NO_TAGS=1 SUB_IF_API_FLAG_ONE_TAG=2 SUB_IF_API_FLAG_TWO_TAGS=4 \
SUB_IF_API_FLAG_DOT1AD=8 SUB_IF_API_FLAG_EXACT_MATCH=16 SUB_IF_API_FLAG_DEFAULT=32 \
SUB_IF_API_FLAG_OUTER_VLAN_ID_ANY=64 SUB_IF_API_FLAG_INNER_VLAN_ID_ANY=128 SUB_IF_API_FLAG_MASK_VNET=254 \
SUB_IF_API_FLAG_DOT1AH=256
  enum address_family u8 ADDRESS_IP4=0 ADDRESS_IP6=1
  enum ip_proto u8 IP_API_PROTO_HOPOPT=0 IP_API_PROTO_ICMP=1 IP_API_PROTO_IGMP=2 IP_API_PROTO_TCP=6 \
IP_API_PROTO_UDP=17 IP_API_PROTO_GRE=47 IP_API_PROTO_ESP=50 IP_API_PROTO_AH=51 IP_API_PROTO_ICMP6=58 \
IP_API_PROTO_EIGRP=88 IP_API_PROTO_OSPF=89 IP_API_PROTO_SCTP=132 IP_API_PROTO_RESERVED=255
  alias interface_index u32
  alias mac_address u8[6]
  alias ip4_address u8[4]
  alias ip6_address u8[16]
  alias address_with_prefix prefix
  union address_union ip4_address ip4, ip6_address ip6
  type address address_family af, address_union un
  type prefix address address, u8 len
`;

const memclnt = `
  type module_version u32 major, u32 minor, u32 patch, string[64] name
  type message_table_entry u16 index, string[64] name
  bare sockclnt_create 455fb9c4 u32 context, string[64] name
  bare sockclnt_create_reply 35166268 u32 client_index, u32 context, i32 response, u32 index, u16 count, \
message_table_entry[count] message_table
  request sockclnt_delete 8ac76db6 u32 index
  reply sockclnt_delete_reply 8f38b1ee i32 response
  request memclnt_keepalive 51077d14
  request control_ping 51077d14
  reply control_ping_reply f6b0b8ca i32 retval, u32 client_index, u32 vpe_pid
  request get_api_json 51077d14
  reply get_api_json_reply ea715b59 i32 retval, string[] json
  request api_versions 51077d14
  reply api_versions_reply 5f0d99d6 i32 retval, u32 count, module_version[count] api_versions
`;

const vpe = `
  request show_version 51077d14
  reply show_version_reply c919bde1 i32 retval, string[32] program, string[32] version, string[32] build_date, \
string[256] build_directory
`;

const vlib = `
  request cli_inband f8377302 string[] cmd
  reply cli_inband_reply 05879051 i32 retval, string[] reply
`;

const interfaces = `
  request sw_interface_set_flags f5aec1b8 interface_index sw_if_index, if_status_flags flags
  request want_interface_events 476f5a08 u32 enable_disable, u32 pid
  bare sw_interface_event 2d3d95a7 u32 client_index, u32 pid, interface_index sw_if_index, if_status_flags flags, \
bool deleted
  event want_interface_events sw_interface_event
  dump sw_interface_dump aa610c27 sw_interface_details interface_index sw_if_index, bool name_filter_valid, \
string[] name_filter
  details sw_interface_details 6c221fc7 interface_index sw_if_index, u32 sup_sw_if_index, mac_address l2_address, \
if_status_flags flags, if_type type, link_duplex link_duplex, u32 link_speed, u16 link_mtu, u32[4] mtu, u32 sub_id, \
u8 sub_number_of_tags, u16 sub_outer_vlan_id, u16 sub_inner_vlan_id, sub_if_flags sub_if_flags, u32 vtr_op, \
u32 vtr_push_dot1q, u32 vtr_tag1, u32 vtr_tag2, u16 outer_tag, mac_address b_dmac, mac_address b_smac, u16 b_vlanid, \
u32 i_sid, string[64] interface_name, string[64] interface_dev_type, string[64] tag
  request sw_interface_add_del_address 5463d73b interface_index sw_if_index, bool is_add, bool del_all, \
address_with_prefix prefix
  request sw_interface_tag_add_del 426f8bc1 bool is_add, interface_index sw_if_index, string[64] tag
  request create_subif 790ca755 interface_index sw_if_index, u32 sub_id, sub_if_flags sub_if_flags, \
u16 outer_vlan_id, u16 inner_vlan_id
  reply create_subif_reply 5383d31f i32 retval, interface_index sw_if_index
  request create_vlan_subif af34ac8b interface_index sw_if_index, u32 vlan_id
  reply create_vlan_subif_reply 5383d31f i32 retval, interface_index sw_if_index
  request delete_subif f9e6675e interface_index sw_if_index
  request create_loopback 42bb5d22 mac_address mac_address
  reply create_loopback_reply 5383d31f i32 retval, interface_index sw_if_index
  request create_loopback_instance d36a3ee2 mac_address mac_address, bool is_specified, u32 user_instance
  reply create_loopback_instance_reply 5383d31f i32 retval, interface_index sw_if_index
  request delete_loopback f9e6675e interface_index sw_if_index
  request sw_interface_set_mtu 5cbe85e5 interface_index sw_if_index, u32[4] mtu
`;

const l2 = `
  enum bd_flags u32 BRIDGE_API_FLAG_NONE=0 BRIDGE_API_FLAG_LEARN=1 BRIDGE_API_FLAG_FWD=2 BRIDGE_API_FLAG_FLOOD=4 \
BRIDGE_API_FLAG_UU_FLOOD=8 BRIDGE_API_FLAG_ARP_TERM=16 BRIDGE_API_FLAG_ARP_UFWD=32
  enum l2_port_type u32 L2_API_PORT_TYPE_NORMAL=0 L2_API_PORT_TYPE_BVI=1 L2_API_PORT_TYPE_UU_FWD=2
  type bridge_domain_sw_if u32 context, interface_index sw_if_index, u8 shg
  dump l2_xconnect_dump 51077d14 l2_xconnect_details
  details l2_xconnect_details 472b6b67 interface_index rx_sw_if_index, interface_index tx_sw_if_index
  dump l2_fib_table_dump c25fdce6 l2_fib_table_details u32 bd_id
  details l2_fib_table_details a44ef6b8 u32 bd_id, mac_address mac, interface_index sw_if_index, bool static_mac, \
bool filter_mac, bool bvi_mac
  request l2_flags fc41cfe8 interface_index sw_if_index, bool is_set, u32 feature_bitmap
  reply l2_flags_reply 29b2a2b3 i32 retval, u32 resulting_feature_bitmap
  request l2_flags_get f9e6675e interface_index sw_if_index
  reply l2_flags_get_reply 35cb810f i32 retval, u32 input_feature_bitmap, u32 output_feature_bitmap
  request l2_flags_set d4030647 interface_index sw_if_index, bool is_set, u32 input_feature_bitmap, \
u32 output_feature_bitmap
  request bridge_domain_add_del_v2 600b7170 u32 bd_id, bool flood, bool uu_flood, bool forward, bool learn, \
bool arp_term, bool arp_ufwd, u8 mac_age, string[64] bd_tag, bool is_add
  reply bridge_domain_add_del_v2_reply fcb1e980 i32 retval, u32 bd_id
  request bridge_domain_add_del 600b7170 u32 bd_id, bool flood, bool uu_flood, bool forward, bool learn, \
bool arp_term, bool arp_ufwd, u8 mac_age, string[64] bd_tag, bool is_add
  dump bridge_domain_dump 74396a43 bridge_domain_details u32 bd_id, interface_index sw_if_index
  details bridge_domain_details 0fa506fd u32 bd_id, bool flood, bool uu_flood, bool forward, bool learn, bool arp_term, \
bool arp_ufwd, u8 mac_age, string[64] bd_tag, interface_index bvi_sw_if_index, interface_index uu_fwd_sw_if_index, \
u32 n_sw_ifs, bridge_domain_sw_if[n_sw_ifs] sw_if_details
  request bridge_flags 1b0c5fbd u32 bd_id, bool is_set, bd_flags flags
  reply bridge_flags_reply 29b2a2b3 i32 retval, u32 resulting_feature_bitmap
  request l2_interface_vlan_tag_rewrite 62cc0bbc interface_index sw_if_index, u32 vtr_op, u32 push_dot1q, u32 tag1, \
u32 tag2
  request sw_interface_set_l2_xconnect 4fa28a85 interface_index rx_sw_if_index, interface_index tx_sw_if_index, \
bool enable
  request sw_interface_set_l2_bridge d0678b13 interface_index rx_sw_if_index, u32 bd_id, l2_port_type port_type, u8 shg, \
bool enable
`;

const span = `
  enum span_state u32 SPAN_STATE_API_DISABLED=0 SPAN_STATE_API_RX=1 SPAN_STATE_API_TX=2 SPAN_STATE_API_RX_TX=3
  request sw_interface_span_enable_disable 23ddd96b interface_index sw_if_index_from, interface_index sw_if_index_to, \
span_state state, bool is_l2
  dump sw_interface_span_dump d6cf0c3d sw_interface_span_details bool is_l2
  details sw_interface_span_details 8a20e79f interface_index sw_if_index_from, interface_index sw_if_index_to, \
span_state state, bool is_l2
`;

const vxlan = `
  request vxlan_add_del_tunnel_v3 0072b037 bool is_add, u32 instance, address src_address, address dst_address, \
u16 src_port, u16 dst_port, interface_index mcast_sw_if_index, u32 encap_vrf_id, u32 decap_next_index, u32 vni, bool is_l3
  reply vxlan_add_del_tunnel_v3_reply 5383d31f i32 retval, interface_index sw_if_index
  request vxlan_add_del_tunnel 0c09dc80 bool is_add, u32 instance, address src_address, address dst_address, \
interface_index mcast_sw_if_index, u32 encap_vrf_id, u32 decap_next_index, u32 vni
  reply vxlan_add_del_tunnel_reply 5383d31f i32 retval, interface_index sw_if_index
  dump vxlan_tunnel_dump f9e6675e vxlan_tunnel_details interface_index sw_if_index
  details vxlan_tunnel_details c3916cb1 interface_index sw_if_index, u32 instance, address src_address, \
address dst_address, interface_index mcast_sw_if_index, u32 encap_vrf_id, u32 decap_next_index, u32 vni
  dump vxlan_tunnel_v2_dump f9e6675e vxlan_tunnel_v2_details interface_index sw_if_index
  details vxlan_tunnel_v2_details d3bdd4d9 interface_index sw_if_index, u32 instance, address src_address, \
address dst_address, u16 src_port, u16 dst_port, interface_index mcast_sw_if_index, u32 encap_vrf_id, \
u32 decap_next_index, u32 vni
`;

const gre = `
  enum gre_tunnel_type u8 GRE_API_TUNNEL_TYPE_L3=0 GRE_API_TUNNEL_TYPE_TEB=1 GRE_API_TUNNEL_TYPE_ERSPAN=2
  enum tunnel_mode u8 TUNNEL_API_MODE_P2P=0 TUNNEL_API_MODE_MP=1
  enum tunnel_encap_decap_flags u8 TUNNEL_API_ENCAP_DECAP_FLAG_NONE=0 \
TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_COPY_DF=1 TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_SET_DF=2 \
TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_COPY_DSCP=4 TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_COPY_ECN=8 \
TUNNEL_API_ENCAP_DECAP_FLAG_DECAP_COPY_ECN=16 TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_INNER_HASH=32 \
TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_COPY_HOP_LIMIT=64 TUNNEL_API_ENCAP_DECAP_FLAG_ENCAP_COPY_FLOW_LABEL=128
  type gre_tunnel gre_tunnel_type type, tunnel_mode mode, tunnel_encap_decap_flags flags, u16 session_id, \
u32 instance, u32 outer_table_id, interface_index sw_if_index, address src, address dst
  request gre_tunnel_add_del a27d7f17 bool is_add, gre_tunnel tunnel
  reply gre_tunnel_add_del_reply 5383d31f i32 retval, interface_index sw_if_index
  dump gre_tunnel_dump f9e6675e gre_tunnel_details interface_index sw_if_index
  details gre_tunnel_details 24435433 gre_tunnel tunnel
  type gre_tunnel_v2 gre_tunnel_type type, tunnel_mode mode, tunnel_encap_decap_flags flags, u16 session_id, \
u32 instance, u32 outer_table_id, interface_index sw_if_index, address src, address dst, u32 key
  request gre_tunnel_add_del_v2 7d9576de bool is_add, gre_tunnel_v2 tunnel
  reply gre_tunnel_add_del_v2_reply 5383d31f i32 retval, interface_index sw_if_index
  dump gre_tunnel_v2_dump f9e6675e gre_tunnel_v2_details interface_index sw_if_index
  details gre_tunnel_v2_details 65521177 gre_tunnel_v2 tunnel
`;

const acl = `
  enum acl_action u8 ACL_ACTION_API_DENY=0 ACL_ACTION_API_PERMIT=1 ACL_ACTION_API_PERMIT_REFLECT=2
  type acl_rule acl_action is_permit, prefix src_prefix, prefix dst_prefix, ip_proto proto, \
u16 srcport_or_icmptype_first, u16 srcport_or_icmptype_last, u16 dstport_or_icmpcode_first, \
u16 dstport_or_icmpcode_last, u8 tcp_flags_mask, u8 tcp_flags_value
  request acl_add_replace ee5c2f18 u32 acl_index, string[64] tag, u32 count, acl_rule[count] r
  reply acl_add_replace_reply ac407b0c u32 acl_index, i32 retval
  request acl_del ef34fea4 u32 acl_index
  dump acl_dump ef34fea4 acl_details u32 acl_index
  details acl_details 95babae0 u32 acl_index, string[64] tag, u32 count, acl_rule[count] r
  request acl_interface_set_acl_list 473982bd interface_index sw_if_index, u8 count, u8 n_input, u32[count] acls
  dump acl_interface_list_dump f9e6675e acl_interface_list_details interface_index sw_if_index
  request acl_interface_set_etype_whitelist 3f5c2d2d interface_index sw_if_index, u8 count, u8 n_input, \
u16[count] whitelist
  dump acl_interface_etype_whitelist_dump f9e6675e acl_interface_etype_whitelist_details interface_index sw_if_index
  details acl_interface_etype_whitelist_details cc2bfded interface_index sw_if_index, u8 count, u8 n_input, \
u16[count] whitelist
  details acl_interface_list_details e695d256 interface_index sw_if_index, u8 count, u8 n_input, u32[count] acls
`;

const classify = `
  enum classify_action u8 CLASSIFY_API_ACTION_NONE=0 CLASSIFY_API_ACTION_SET_IP4_FIB_INDEX=1 \
CLASSIFY_API_ACTION_SET_IP6_FIB_INDEX=2 CLASSIFY_API_ACTION_SET_METADATA=3
  request classify_add_del_table 6849e39e bool is_add, bool del_chain, u32 table_index, u32 nbuckets, u32 memory_size, \
u32 skip_n_vectors, u32 match_n_vectors, u32 next_table_index, u32 miss_next_index, u8 current_data_flag, \
i16 current_data_offset, u32 mask_len, u8[mask_len] mask
  reply classify_add_del_table_reply 05486349 i32 retval, u32 new_table_index, u32 skip_n_vectors, u32 match_n_vectors
  request classify_add_del_session f20879f0 bool is_add, u32 table_index, u32 hit_next_index, u32 opaque_index, \
i32 advance, classify_action action, u32 metadata, u32 match_len, u8[match_len] match
  request classify_table_ids 51077d14
  reply classify_table_ids_reply d1d20e1d i32 retval, u32 count, u32[count] ids
  request classify_table_info 0cca2cd9 u32 table_id
  reply classify_table_info_reply 4a573c0e i32 retval, u32 table_id, u32 nbuckets, u32 match_n_vectors, \
u32 skip_n_vectors, u32 active_sessions, u32 next_table_index, u32 miss_next_index, u32 mask_length, u8[mask_length] mask
  request classify_table_by_interface f9e6675e interface_index sw_if_index
  reply classify_table_by_interface_reply ed4197db i32 retval, interface_index sw_if_index, u32 l2_table_id, \
u32 ip4_table_id, u32 ip6_table_id
  dump classify_session_dump 0cca2cd9 classify_session_details u32 table_id
  details classify_session_details 60e3ef94 i32 retval, u32 table_id, u32 hit_next_index, i32 advance, \
u32 opaque_index, u32 match_length, u8[match_length] match
  request input_acl_set_interface de7ad708 interface_index sw_if_index, u32 ip4_table_index, u32 ip6_table_index, \
u32 l2_table_index, bool is_add
  enum policer_classify_table u8 POLICER_CLASSIFY_API_TABLE_IP4=0 POLICER_CLASSIFY_API_TABLE_IP6=1 \
POLICER_CLASSIFY_API_TABLE_L2=2
  request policer_classify_set_interface de7ad708 interface_index sw_if_index, u32 ip4_table_index, u32 ip6_table_index, \
u32 l2_table_index, bool is_add
  dump policer_classify_dump 56cbb5fb policer_classify_details policer_classify_table type, interface_index sw_if_index
  details policer_classify_details dfd08765 interface_index sw_if_index, u32 table_index
`;

const policer = `
  enum sse2_qos_rate_type u8 SSE2_QOS_RATE_API_KBPS=0 SSE2_QOS_RATE_API_PPS=1 SSE2_QOS_RATE_API_INVALID=2
  enum sse2_qos_round_type u8 SSE2_QOS_ROUND_API_TO_CLOSEST=0 SSE2_QOS_ROUND_API_TO_UP=1 SSE2_QOS_ROUND_API_TO_DOWN=2 \
SSE2_QOS_ROUND_API_INVALID=3
  enum sse2_qos_policer_type u8 SSE2_QOS_POLICER_TYPE_API_1R2C=0 SSE2_QOS_POLICER_TYPE_API_1R3C_RFC_2697=1 \
SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_2698=2 SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_4115=3 \
SSE2_QOS_POLICER_TYPE_API_2R3C_RFC_MEF5CF1=4 SSE2_QOS_POLICER_TYPE_API_MAX=5
  enum sse2_qos_action_type u8 SSE2_QOS_ACTION_API_DROP=0 SSE2_QOS_ACTION_API_TRANSMIT=1 \
SSE2_QOS_ACTION_API_MARK_AND_TRANSMIT=2
  type sse2_qos_action sse2_qos_action_type type, u8 dscp
  type policer_config u32 cir, u32 eir, u64 cb, u64 eb, sse2_qos_rate_type rate_type, sse2_qos_round_type round_type, \
sse2_qos_policer_type type, bool color_aware, sse2_qos_action conform_action, sse2_qos_action exceed_action, \
sse2_qos_action violate_action
  request policer_add 4d949e35 string[64] name, policer_config infos
  reply policer_add_reply a177cef2 i32 retval, u32 policer_index
  request policer_update fd039ef0 u32 policer_index, policer_config infos
  request policer_add_del 2b31dd38 bool is_add, string[64] name, u32 cir, u32 eir, u64 cb, u64 eb, \
sse2_qos_rate_type rate_type, sse2_qos_round_type round_type, sse2_qos_policer_type type, bool color_aware, \
sse2_qos_action conform_action, sse2_qos_action exceed_action, sse2_qos_action violate_action
  reply policer_add_del_reply a177cef2 i32 retval, u32 policer_index
  dump policer_dump_v2 7ff7912e policer_details u32 policer_index
  details policer_details 72d0e248 string[64] name, u32 cir, u32 eir, u64 cb, u64 eb, sse2_qos_rate_type rate_type, \
sse2_qos_round_type round_type, sse2_qos_policer_type type, sse2_qos_action conform_action, \
sse2_qos_action exceed_action, sse2_qos_action violate_action, bool single_rate, bool color_aware, u32 scale, \
u32 cir_tokens_per_period, u32 pir_tokens_per_period, u32 current_limit, u32 current_bucket, u32 extended_limit, \
u32 extended_bucket, u64 last_update_time
`;

const ip = `
  enum fib_path_nh_proto u32 FIB_API_PATH_NH_PROTO_IP4=0 FIB_API_PATH_NH_PROTO_IP6=1 FIB_API_PATH_NH_PROTO_MPLS=2 \
FIB_API_PATH_NH_PROTO_ETHERNET=3 FIB_API_PATH_NH_PROTO_BIER=4
  enum fib_path_flags u32 FIB_API_PATH_FLAG_NONE=0 FIB_API_PATH_FLAG_RESOLVE_VIA_ATTACHED=1 \
FIB_API_PATH_FLAG_RESOLVE_VIA_HOST=2 FIB_API_PATH_FLAG_POP_PW_CW=4
  enum fib_path_type u32 FIB_API_PATH_TYPE_NORMAL=0 FIB_API_PATH_TYPE_LOCAL=1 FIB_API_PATH_TYPE_DROP=2 \
FIB_API_PATH_TYPE_UDP_ENCAP=3 FIB_API_PATH_TYPE_BIER_IMP=4 FIB_API_PATH_TYPE_ICMP_UNREACH=5 \
FIB_API_PATH_TYPE_ICMP_PROHIBIT=6 FIB_API_PATH_TYPE_SOURCE_LOOKUP=7 FIB_API_PATH_TYPE_DVR=8 \
FIB_API_PATH_TYPE_INTERFACE_RX=9 FIB_API_PATH_TYPE_CLASSIFY=10
  type fib_mpls_label u8 is_uniform, u32 label, u8 ttl, u8 exp
  type fib_path_nh address_union address, u32 via_label, u32 obj_id, u32 classify_table_index
  type fib_path u32 sw_if_index, u32 table_id, u32 rpf_id, u8 weight, u8 preference, fib_path_type type, \
fib_path_flags flags, fib_path_nh_proto proto, fib_path_nh nh, u8 n_labels, fib_mpls_label[16] label_stack
  type ip_route u32 table_id, u32 stats_index, prefix prefix, u8 n_paths, fib_path[n_paths] paths
  request ip_route_add_del b8ecfe0d bool is_add, bool is_multipath, ip_route route
  reply ip_route_add_del_reply 1992deab i32 retval, u32 stats_index
  request ip_route_lookup 710d6471 u32 table_id, u8 exact, prefix prefix
  reply ip_route_lookup_reply 5d8febcb i32 retval, ip_route route
  dump ip_address_dump 2d033de4 ip_address_details interface_index sw_if_index, bool is_ipv6
  details ip_address_details ee29b797 interface_index sw_if_index, address_with_prefix prefix
`;

const ipNeighbor = `
  enum ip_neighbor_flags u8 IP_API_NEIGHBOR_FLAG_NONE=0 IP_API_NEIGHBOR_FLAG_STATIC=1 IP_API_NEIGHBOR_FLAG_NO_FIB_ENTRY=2
  type ip_neighbor interface_index sw_if_index, ip_neighbor_flags flags, mac_address mac_address, address ip_address
  request ip_neighbor_add_del 0607c257 bool is_add, ip_neighbor neighbor
  reply ip_neighbor_add_del_reply 1992deab i32 retval, u32 stats_index
`;

const vhostUser = `
  flags virtio_net_features_first_32 u32 VIRTIO_NET_F_API_CSUM=1 VIRTIO_NET_F_API_GUEST_CSUM=2 \
VIRTIO_NET_F_API_GUEST_TSO4=128 VIRTIO_NET_F_API_GUEST_TSO6=256 VIRTIO_NET_F_API_GUEST_UFO=1024 \
VIRTIO_NET_F_API_HOST_TSO4=2048 VIRTIO_NET_F_API_HOST_TSO6=4096 VIRTIO_NET_F_API_HOST_UFO=16384 \
VIRTIO_NET_F_API_MRG_RXBUF=32768 VIRTIO_NET_F_API_CTRL_VQ=131072 VIRTIO_NET_F_API_GUEST_ANNOUNCE=2097152 \
VIRTIO_NET_F_API_MQ=4194304 VHOST_F_API_LOG_ALL=67108864 VIRTIO_F_API_ANY_LAYOUT=134217728 \
VIRTIO_F_API_INDIRECT_DESC=268435456 VHOST_USER_F_API_PROTOCOL_FEATURES=1073741824
  flags virtio_net_features_last_32 u32 VIRTIO_F_API_VERSION_1=1
  dump sw_interface_vhost_user_dump f9e6675e sw_interface_vhost_user_details interface_index sw_if_index
  details sw_interface_vhost_user_details 0cee1e53 interface_index sw_if_index, string[64] interface_name, \
u32 virtio_net_hdr_sz, virtio_net_features_first_32 features_first_32, virtio_net_features_last_32 features_last_32, \
bool is_server, string[256] sock_filename, u32 num_regions, i32 sock_errno
`;

/** Name, version and definitions. memclnt is not in VPP's answer to get_api_json, though its messages are in the table. */
type ModuleText = readonly [name: string, version: string, text: string];
const memclntModule: ModuleText = ['memclnt', '2.1.0', memclnt];
const modules: readonly ModuleText[] = [
  ['vpe', '1.7.0', vpe],
  ['vlib', '1.0.0', vlib],
  ['interface', '3.2.4', shared + interfaces],
  ['l2', '3.3.0', shared + l2],
  ['span', '2.0.0', shared + span],
  ['ip', '3.2.0', shared + ip],
  ['ip_neighbor', '1.0.1', shared + ipNeighbor],
  ['vxlan', '2.1.0', shared + vxlan],
  ['gre', '2.2.0', shared + gre],
  ['acl', '2.0.1', shared + acl],
  ['classify', '3.1.0', shared + classify],
  ['policer', '3.0.0', policer],
  ['vhost_user', '4.1.1', shared + vhostUser],
];

/** The API of a release, as far as the simulator has it. */
export class ReleaseApi {
  /** Every message that the simulator has, memclnt's among them, in the shape of VPP's `*.api.json` files. */
  readonly modules: readonly ApiModule[];
  /** What get_api_json answers: VPP's own shape, with the messages that the simulator has. */
  readonly json: string;
  /** The versions that api_versions answers with. */
  readonly versions: readonly {
    readonly name: string;
    readonly major: number;
    readonly minor: number;
    readonly patch: number;
  }[];

  constructor({ differences }: Release) {
    const [core, ...others] = [memclntModule, ...modules].map(([name, version, text]) =>
      apiModule(name, version, differing(name, text, differences)),
    );
    this.modules = core ? [core, ...others] : others;
    this.json = JSON.stringify(others);
    this.versions = this.modules.map(({ module, options }) => {
      const [major = 0, minor = 0, patch = 0] = options.version.split('.').map(Number);
      return { name: `${module}.api`, major, minor, patch };
    });
  }

  /** The codecs of every message. */
  schema(): Schema {
    return parseApiJson(JSON.stringify(this.modules), "the simulator's definitions");
  }
}
