import { agentMessages } from './agent-messages.js';
import { defineMessages } from './message-set.js';
import * as vpp from './vpp-types.js';

const retval = { retval: 'i32' } as const;
const retvalAndIndex = { retval: 'i32', sw_if_index: 'u32' } as const;
const interfaceOnly = { sw_if_index: 'u32' } as const;

/** What a test bench needs besides: interfaces to send and receive on, joins between two VPPs, addresses. */
export const labMessages = defineMessages({
  requests: {
    ...agentMessages.requests,
    create_vlan_subif: { request: { sw_if_index: 'u32', vlan_id: 'u32' }, reply: retvalAndIndex },
    pg_create_interface_v3: {
      request: { interface_id: 'u32', pg_flags: vpp.pgFlags, gso_size: 'u32', mode: vpp.pgMode },
      reply: retvalAndIndex,
    },
    pg_create_interface: {
      request: { interface_id: 'u32', gso_enabled: 'bool', gso_size: 'u32' },
      reply: retvalAndIndex,
    },
    pg_delete_interface: { request: interfaceOnly, reply: retval },
    pg_capture: {
      request: { interface_id: 'u32', is_enabled: 'bool', count: 'u32', pcap_file_name: 'string[]' },
      reply: retval,
    },
    pg_enable_disable: { request: { is_enabled: 'bool', stream_name: 'string[]' }, reply: retval },
    memif_socket_filename_add_del_v2: {
      request: { is_add: 'bool', socket_id: 'u32', socket_filename: 'string[]' },
      reply: { retval: 'i32', socket_id: 'u32' },
    },
    memif_socket_filename_add_del: {
      request: { is_add: 'bool', socket_id: 'u32', socket_filename: 'string[108]' },
      reply: retval,
    },
    memif_create_v2: {
      request: {
        role: vpp.memifRole,
        mode: vpp.memifMode,
        rx_queues: 'u8',
        tx_queues: 'u8',
        id: 'u32',
        socket_id: 'u32',
        ring_size: 'u32',
        buffer_size: 'u16',
        no_zero_copy: 'bool',
        use_dma: 'bool',
        hw_addr: 'u8[6]',
        secret: 'string[24]',
      },
      reply: retvalAndIndex,
    },
    memif_create: {
      request: {
        role: vpp.memifRole,
        mode: vpp.memifMode,
        rx_queues: 'u8',
        tx_queues: 'u8',
        id: 'u32',
        socket_id: 'u32',
        ring_size: 'u32',
        buffer_size: 'u16',
        no_zero_copy: 'bool',
        hw_addr: 'u8[6]',
        secret: 'string[24]',
      },
      reply: retvalAndIndex,
    },
    memif_delete: { request: interfaceOnly, reply: retval },
    create_vhost_user_if_v2: {
      request: {
        is_server: 'bool',
        sock_filename: 'string[256]',
        renumber: 'bool',
        disable_mrg_rxbuf: 'bool',
        disable_indirect_desc: 'bool',
        enable_gso: 'bool',
        enable_packed: 'bool',
        enable_event_idx: 'bool',
        custom_dev_instance: 'u32',
        use_custom_mac: 'bool',
        mac_address: 'u8[6]',
        tag: 'string[64]',
      },
      reply: retvalAndIndex,
    },
    create_vhost_user_if: {
      request: {
        is_server: 'bool',
        sock_filename: 'string[256]',
        renumber: 'bool',
        disable_mrg_rxbuf: 'bool',
        disable_indirect_desc: 'bool',
        enable_gso: 'bool',
        enable_packed: 'bool',
        custom_dev_instance: 'u32',
        use_custom_mac: 'bool',
        mac_address: 'u8[6]',
        tag: 'string[64]',
      },
      reply: retvalAndIndex,
    },
    delete_vhost_user_if: { request: interfaceOnly, reply: retval },
    sw_interface_add_del_address: {
      request: { sw_if_index: 'u32', is_add: 'bool', del_all: 'bool', prefix: vpp.prefix },
      reply: retval,
    },
    ip_neighbor_add_del: {
      request: { is_add: 'bool', neighbor: vpp.ipNeighbor },
      reply: { retval: 'i32', stats_index: 'u32' },
    },
    hw_interface_set_mtu: { request: { sw_if_index: 'u32', mtu: 'u16' }, reply: retval },
    sw_interface_set_mac_address: { request: { sw_if_index: 'u32', mac_address: 'u8[6]' }, reply: retval },
  },
  dumps: agentMessages.dumps,
  events: agentMessages.events,
  // Whichever of two a VPP has is used.
  optional: [
    ...agentMessages.optional,
    'pg_create_interface_v3',
    'pg_create_interface',
    'pg_delete_interface',
    'memif_socket_filename_add_del_v2',
    'memif_socket_filename_add_del',
    'memif_create_v2',
    'memif_create',
    'create_vhost_user_if_v2',
    'create_vhost_user_if',
  ],
});

export type LabMessages = typeof labMessages;
