import { keys } from '@taas/model';
import type { Store } from '@taas/store';
import type { SubportOptions } from '../lab-switch.js';
import { physnet } from './cloud-network.js';
import type { TokenPort } from './cloud-of-tokens.js';
import { deleteV2, putV2 } from './v2-keys.js';

/** Plays networking-vpp's part, or Neutron's: says where ports are bound. */
export interface Bindings {
  bind(node: string, port: string, project?: string): Promise<void>;
  unbind(node: string, port: string): Promise<void>;
  /** A trunk whose port is bound on a node. @throws Error where there are no keys for it */
  bindTrunk(node: string, port: string, subports: readonly Omit<SubportOptions, 'bridgeDomain'>[]): Promise<void>;
  /** Any value under a key of networking-vpp's. @throws Error where there are none */
  put(key: string, value: string): Promise<void>;
}

/** networking-vpp's keys, written by etcd's v3 API. */
export function recordBindings(store: Store): Bindings {
  return keyBindings({
    put: async (key, value) => {
      await store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
    },
    delete: async (key) => {
      await store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
    },
  });
}

/** networking-vpp's keys, written as it writes them: by etcd's v2 API. */
export function v2Bindings(endpoint: string): Bindings {
  return keyBindings({
    put: (key, value) => putV2(endpoint, key, value),
    delete: (key) => deleteV2(endpoint, key),
  });
}

/** Ports of a Neutron: bound to a host or not. */
export function neutronBindings(ports: Map<string, TokenPort>): Bindings {
  const none = async (): Promise<void> => {
    throw new Error('this cloud binds ports by Neutron: there are no keys for that');
  };
  return {
    bind: async (host, port, project = ports.get(port)?.project ?? '') => {
      ports.set(port, { ...ports.get(port), project, host });
    },
    unbind: async (_host, port) => {
      const known = ports.get(port);
      if (known) ports.set(port, { ...known, host: '' });
    },
    ...{ bindTrunk: none, put: none },
  };
}

interface KeyWriter {
  put(key: string, value: string): Promise<void>;
  delete(key: string): Promise<void>;
}

function keyBindings(write: KeyWriter): Bindings {
  return {
    bind: (node, port, project) => write.put(keys.boundPort(node, port), portRecord(project)),
    unbind: (node, port) => write.delete(keys.boundPort(node, port)),
    bindTrunk: (node, port, subports) => write.put(keys.boundTrunk(node, port), trunkRecord(subports)),
    put: write.put,
  };
}

function portRecord(project: string | undefined): string {
  return JSON.stringify({
    mac_address: '02:fe:00:00:00:00',
    mtu: 1500,
    physnet,
    network_type: 'vlan',
    segmentation_id: 20,
    ...{ binding_type: 'vhostuser', security_groups: [], allowed_address_pairs: [], fixed_ips: [] },
    ...{ port_security_enabled: false, device_id: '' },
    ...(project === undefined ? {} : { project_id: project }),
  });
}

function trunkRecord(subports: readonly Omit<SubportOptions, 'bridgeDomain'>[]): string {
  const uplink = { physnet, uplink_seg_type: 'vlan', uplink_seg_id: 20, segmentation_type: 'vlan' };
  const sub_ports = subports.map(({ id, vlan }) => ({ port_id: id, segmentation_id: vlan, ...uplink }));
  return JSON.stringify({ status: 'ACTIVE', name: '', admin_state_up: true, sub_ports });
}
