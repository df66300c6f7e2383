import { listOf, struct } from './field-spec.js';
import { defineMessages } from './message-set.js';
import * as vpp from './vpp-types.js';

const retval = { retval: 'i32' } as const;
const retvalAndIndex = { retval: 'i32', sw_if_index: 'u32' } as const;
const interfaceOnly = { sw_if_index: 'u32' } as const;

const tunnel = {
  instance: 'u32',
  src_address: vpp.address,
  dst_address: vpp.address,
  src_port: 'u16',
  dst_port: 'u16',
  mcast_sw_if_index: 'u32',
  encap_vrf_id: 'u32',
  decap_next_index: 'u32',
  vni: 'u32',
} as const;

/** Before the ports of its UDP could be chosen. */
const tunnelOfOldPorts = {
  instance: 'u32',
  src_address: vpp.address,
  dst_address: vpp.address,
  mcast_sw_if_index: 'u32',
  encap_vrf_id: 'u32',
  decap_next_index: 'u32',
  vni: 'u32',
} as const;

const bridgeDomainFlags = {
  flood: 'bool',
  uu_flood: 'bool',
  forward: 'bool',
  learn: 'bool',
  arp_term: 'bool',
  arp_ufwd: 'bool',
  mac_age: 'u8',
  bd_tag: 'string[64]',
} as const;

const acl = { acl_index: 'u32', tag: 'string[64]', count: 'u32 count', r: listOf(vpp.aclRule) } as const;
const etypes = { sw_if_index: 'u32', count: 'u8 count', n_input: 'u8', whitelist: 'u16[]' } as const;
const aclList = { sw_if_index: 'u32', count: 'u8 count', n_input: 'u8', acls: 'u32[]' } as const;

const inputTables = {
  sw_if_index: 'u32',
  ip4_table_index: 'u32',
  ip6_table_index: 'u32',
  l2_table_index: 'u32',
  is_add: 'bool',
} as const;

/**
 * Messages of which no VPP has all: the agent's handlers say which of them they need, and it chooses those handlers whose
 * messages are there.
 */
const optional = [
  'bridge_domain_add_del_v2',
  'bridge_domain_add_del',
  'l2_flags_get',
  'vxlan_add_del_tunnel_v3',
  'vxlan_tunnel_v2_dump',
  'vxlan_add_del_tunnel',
  'vxlan_tunnel_dump',
  'gre_tunnel_add_del_v2',
  'gre_tunnel_v2_dump',
  'gre_tunnel_dump_v2',
  'gre_tunnel_add_del',
  'gre_tunnel_dump',
  'policer_add',
  'policer_update',
  'policer_add_del',
  'policer_dump_v2',
  'policer_classify_set_interface',
  'policer_classify_dump',
] as const;

/** What the agent asks of a VPP. Interface indices are u32; 4294967295 stands for "none" or "all". */
export const agentMessages = defineMessages({
  requests: {
    show_version: {
      request: {},
      reply: {
        retval: 'i32',
        program: 'string[32]',
        version: 'string[32]',
        build_date: 'string[32]',
        build_directory: 'string[256]',
      },
    },
    control_ping: { request: {}, reply: { retval: 'i32', vpe_pid: 'u32' } },
    cli_inband: { request: { cmd: 'string[]' }, reply: { retval: 'i32', reply: 'string[]' } },
    want_interface_events: { request: { enable_disable: 'u32', pid: 'u32' }, reply: retval },
    sw_interface_tag_add_del: { request: { is_add: 'bool', sw_if_index: 'u32', tag: 'string[64]' }, reply: retval },
    sw_interface_set_flags: { request: { sw_if_index: 'u32', flags: vpp.ifStatusFlags }, reply: retval },
    sw_interface_set_mtu: { request: { sw_if_index: 'u32', mtu: 'u32[4]' }, reply: retval },
    create_loopback_instance: {
      request: { mac_address: 'u8[6]', is_specified: 'bool', user_instance: 'u32' },
      reply: retvalAndIndex,
    },
    delete_loopback: { request: interfaceOnly, reply: retval },
    create_subif: {
      request: {
        sw_if_index: 'u32',
        sub_id: 'u32',
        sub_if_flags: vpp.subIfFlags,
        outer_vlan_id: 'u16',
        inner_vlan_id: 'u16',
      },
      reply: retvalAndIndex,
    },
    delete_subif: { request: interfaceOnly, reply: retval },
    l2_interface_vlan_tag_rewrite: {
      request: { sw_if_index: 'u32', vtr_op: 'u32', push_dot1q: 'u32', tag1: 'u32', tag2: 'u32' },
      reply: retval,
    },
    sw_interface_set_l2_bridge: {
      request: { rx_sw_if_index: 'u32', bd_id: 'u32', port_type: vpp.l2PortType, shg: 'u8', enable: 'bool' },
      reply: retval,
    },
    bridge_domain_add_del_v2: {
      request: { bd_id: 'u32', ...bridgeDomainFlags, is_add: 'bool' },
      reply: { retval: 'i32', bd_id: 'u32' },
    },
    bridge_domain_add_del: { request: { bd_id: 'u32', ...bridgeDomainFlags, is_add: 'bool' }, reply: retval },
    sw_interface_span_enable_disable: {
      request: { sw_if_index_from: 'u32', sw_if_index_to: 'u32', state: vpp.spanState, is_l2: 'bool' },
      reply: retval,
    },
    l2_flags: {
      request: { sw_if_index: 'u32', is_set: 'bool', feature_bitmap: 'u32' },
      reply: { retval: 'i32', resulting_feature_bitmap: 'u32' },
    },
    l2_flags_get: {
      request: interfaceOnly,
      reply: { retval: 'i32', input_feature_bitmap: 'u32', output_feature_bitmap: 'u32' },
    },
    vxlan_add_del_tunnel_v3: { request: { is_add: 'bool', ...tunnel, is_l3: 'bool' }, reply: retvalAndIndex },
    vxlan_add_del_tunnel: { request: { is_add: 'bool', ...tunnelOfOldPorts }, reply: retvalAndIndex },
    gre_tunnel_add_del_v2: { request: { is_add: 'bool', tunnel: vpp.greTunnel }, reply: retvalAndIndex },
    gre_tunnel_add_del: { request: { is_add: 'bool', tunnel: vpp.greTunnelWithoutKey }, reply: retvalAndIndex },
    ip_route_lookup: {
      request: { table_id: 'u32', exact: 'u8', prefix: vpp.prefix },
      reply: { retval: 'i32', route: vpp.ipRoute },
    },
    acl_add_replace: { request: acl, reply: { acl_index: 'u32', retval: 'i32' } },
    acl_del: { request: { acl_index: 'u32' }, reply: retval },
    acl_interface_set_acl_list: { request: aclList, reply: retval },
    acl_interface_set_etype_whitelist: { request: etypes, reply: retval },
    classify_add_del_table: {
      request: {
        is_add: 'bool',
        del_chain: 'bool',
        table_index: 'u32',
        nbuckets: 'u32',
        memory_size: 'u32',
        skip_n_vectors: 'u32',
        match_n_vectors: 'u32',
        next_table_index: 'u32',
        miss_next_index: 'u32',
        current_data_flag: 'u8',
        current_data_offset: 'i16',
        mask_len: 'u32 count',
        mask: 'u8[]',
      },
      reply: { retval: 'i32', new_table_index: 'u32', skip_n_vectors: 'u32', match_n_vectors: 'u32' },
    },
    classify_add_del_session: {
      request: {
        is_add: 'bool',
        table_index: 'u32',
        hit_next_index: 'u32',
        opaque_index: 'u32',
        advance: 'i32',
        action: vpp.classifyAction,
        metadata: 'u32',
        match_len: 'u32 count',
        match: 'u8[]',
      },
      reply: retval,
    },
    classify_table_ids: { request: {}, reply: { retval: 'i32', count: 'u32 count', ids: 'u32[]' } },
    classify_table_info: {
      request: { table_id: 'u32' },
      reply: {
        retval: 'i32',
        table_id: 'u32',
        nbuckets: 'u32',
        match_n_vectors: 'u32',
        skip_n_vectors: 'u32',
        active_sessions: 'u32',
        next_table_index: 'u32',
        miss_next_index: 'u32',
        mask_length: 'u32 count',
        mask: 'u8[]',
      },
    },
    classify_table_by_interface: {
      request: interfaceOnly,
      reply: {
        retval: 'i32',
        sw_if_index: 'u32',
        l2_table_id: 'u32',
        ip4_table_id: 'u32',
        ip6_table_id: 'u32',
      },
    },
    input_acl_set_interface: { request: inputTables, reply: retval },
    policer_add: {
      request: { name: 'string[64]', infos: vpp.policerConfig },
      reply: { retval: 'i32', policer_index: 'u32' },
    },
    policer_update: { request: { policer_index: 'u32', infos: vpp.policerConfig }, reply: retval },
    policer_add_del: {
      request: { is_add: 'bool', ...vpp.policerRequest },
      reply: { retval: 'i32', policer_index: 'u32' },
    },
    policer_classify_set_interface: { request: inputTables, reply: retval },
  },
  dumps: {
    sw_interface_dump: {
      request: { sw_if_index: 'u32', name_filter_valid: 'bool', name_filter: 'string[]' },
      details: {
        sw_if_index: 'u32',
        sup_sw_if_index: 'u32',
        l2_address: 'u8[6]',
        flags: vpp.ifStatusFlags,
        type: vpp.ifType,
        link_duplex: vpp.linkDuplex,
        link_speed: 'u32',
        link_mtu: 'u16',
        mtu: 'u32[4]',
        sub_id: 'u32',
        sub_number_of_tags: 'u8',
        sub_outer_vlan_id: 'u16',
        sub_inner_vlan_id: 'u16',
        sub_if_flags: vpp.subIfFlags,
        vtr_op: 'u32',
        vtr_push_dot1q: 'u32',
        vtr_tag1: 'u32',
        vtr_tag2: 'u32',
        outer_tag: 'u16',
        b_dmac: 'u8[6]',
        b_smac: 'u8[6]',
        b_vlanid: 'u16',
        i_sid: 'u32',
        interface_name: 'string[64]',
        interface_dev_type: 'string[64]',
        tag: 'string[64]',
      },
    },
    bridge_domain_dump: {
      request: { bd_id: 'u32', sw_if_index: 'u32' },
      details: {
        bd_id: 'u32',
        ...bridgeDomainFlags,
        bvi_sw_if_index: 'u32',
        uu_fwd_sw_if_index: 'u32',
        n_sw_ifs: 'u32 count',
        sw_if_details: listOf(struct({ context: 'u32', sw_if_index: 'u32', shg: 'u8' })),
      },
    },
    sw_interface_span_dump: {
      request: { is_l2: 'bool' },
      details: { sw_if_index_from: 'u32', sw_if_index_to: 'u32', state: vpp.spanState, is_l2: 'bool' },
    },
    vxlan_tunnel_v2_dump: { request: interfaceOnly, details: { sw_if_index: 'u32', ...tunnel } },
    vxlan_tunnel_dump: { request: interfaceOnly, details: { sw_if_index: 'u32', ...tunnelOfOldPorts } },
    gre_tunnel_v2_dump: { request: interfaceOnly, details: { tunnel: vpp.greTunnel } },
    // Its definition names an answer that VPP never sends (25.10 and 26.02: plugins/gre/gre.api and gre_api.c).
    gre_tunnel_dump_v2: {
      request: interfaceOnly,
      details: { tunnel: vpp.greTunnel },
      answeredBy: 'gre_tunnel_details_v2',
    },
    gre_tunnel_dump: {
      request: interfaceOnly,
      details: { tunnel: vpp.greTunnelWithoutKey },
      answeredBy: 'gre_tunnel_details',
    },
    acl_dump: { request: { acl_index: 'u32' }, details: acl },
    acl_interface_list_dump: { request: interfaceOnly, details: aclList },
    acl_interface_etype_whitelist_dump: { request: interfaceOnly, details: etypes },
    classify_session_dump: {
      request: { table_id: 'u32' },
      details: {
        retval: 'i32',
        table_id: 'u32',
        hit_next_index: 'u32',
        advance: 'i32',
        opaque_index: 'u32',
        match_length: 'u32 count',
        match: 'u8[]',
      },
    },
    policer_dump_v2: { request: { policer_index: 'u32' }, details: vpp.policerDetails },
    policer_classify_dump: {
      request: { type: vpp.policerTable, sw_if_index: 'u32' },
      details: { sw_if_index: 'u32', table_index: 'u32' },
    },
    sw_interface_vhost_user_dump: {
      request: interfaceOnly,
      details: {
        sw_if_index: 'u32',
        interface_name: 'string[64]',
        virtio_net_hdr_sz: 'u32',
        features_first_32: vpp.virtioFeatures,
        features_last_32: vpp.virtioFeatures,
        is_server: 'bool',
        sock_filename: 'string[256]',
        num_regions: 'u32',
        sock_errno: 'i32',
      },
    },
  },
  events: {
    sw_interface_event: { pid: 'u32', sw_if_index: 'u32', flags: vpp.ifStatusFlags, deleted: 'bool' },
  },
  optional,
});

export type AgentMessages = typeof agentMessages;
