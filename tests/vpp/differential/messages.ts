import { agentMessages, defineMessages, enumOf, type RequestName, vppTypes } from 'vpp-api';

const retval = { retval: 'i32' } as const;
const bdFlags = enumOf('u32', {
  BRIDGE_API_FLAG_NONE: 0,
  BRIDGE_API_FLAG_LEARN: 1,
  BRIDGE_API_FLAG_FWD: 2,
  BRIDGE_API_FLAG_FLOOD: 4,
  BRIDGE_API_FLAG_UU_FLOOD: 8,
  BRIDGE_API_FLAG_ARP_TERM: 16,
  BRIDGE_API_FLAG_ARP_UFWD: 32,
});

/** What the agent asks of a VPP, and the little more that the scenarios need: addresses, neighbours, MAC tables. */
export const askedMessages = defineMessages({
  requests: {
    ...agentMessages.requests,
    create_vlan_subif: {
      request: { sw_if_index: 'u32', vlan_id: 'u32' },
      reply: { retval: 'i32', sw_if_index: 'u32' },
    },
    sw_interface_add_del_address: {
      request: { sw_if_index: 'u32', is_add: 'bool', del_all: 'bool', prefix: vppTypes.prefix },
      reply: retval,
    },
    ip_neighbor_add_del: {
      request: { is_add: 'bool', neighbor: vppTypes.ipNeighbor },
      reply: { retval: 'i32', stats_index: 'u32' },
    },
    l2_flags_set: {
      request: { sw_if_index: 'u32', is_set: 'bool', input_feature_bitmap: 'u32', output_feature_bitmap: 'u32' },
      reply: retval,
    },
    sw_interface_set_l2_xconnect: {
      request: { rx_sw_if_index: 'u32', tx_sw_if_index: 'u32', enable: 'bool' },
      reply: retval,
    },
    sw_interface_set_mtu: { request: { sw_if_index: 'u32', mtu: 'u32[4]' }, reply: retval },
    bridge_flags: {
      request: { bd_id: 'u32', is_set: 'bool', flags: bdFlags },
      reply: { retval: 'i32', resulting_feature_bitmap: 'u32' },
    },
  },
  dumps: {
    ...agentMessages.dumps,
    l2_xconnect_dump: { request: {}, details: { rx_sw_if_index: 'u32', tx_sw_if_index: 'u32' } },
    l2_fib_table_dump: {
      request: { bd_id: 'u32' },
      details: {
        bd_id: 'u32',
        mac: 'u8[6]',
        sw_if_index: 'u32',
        static_mac: 'bool',
        filter_mac: 'bool',
        bvi_mac: 'bool',
      },
    },
  },
  events: agentMessages.events,
  optional: agentMessages.optional,
});

export type AskedMessages = typeof askedMessages;
export type AskedRequest = RequestName<AskedMessages>;
