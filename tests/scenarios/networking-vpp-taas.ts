import { connectToSwitch, type LabPort, type LabSwitch, physnet, putV2 } from '@taas/lab';

/**
 * networking-vpp's own TaaS (20.09): the records that its driver writes into etcd's v2 store (networking_vpp/taas_vpp.py), and what
 * its agent does in VPP for copies on a node and over a VLAN (networking_vpp/agent/taas_vpp_agent.py, network_interface.py).
 */

export interface OldServiceOptions {
  readonly id: string;
  readonly project: string;
  /** Empty for ERSPAN to an address outside. */
  readonly port: string;
  readonly host: string;
  readonly taasId: number;
  readonly remoteIp?: string;
  readonly name?: string;
}

export interface OldFlowOptions {
  readonly id: string;
  readonly service: OldServiceOptions;
  readonly port: string;
  readonly host: string;
  readonly direction: 'IN' | 'OUT' | 'BOTH';
  readonly session?: number;
  readonly vlanFilter?: string;
  readonly project?: string;
}

/** A port as Neutron's plugin shows it to the driver. */
const portOf = (id: string, host: string, project: string) => ({
  ...{
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    updated_at: '2021-03-01T10:00:00Z',
    device_owner: 'compute:nova',
  },
  ...{ revision_number: 4, port_security_enabled: true, 'binding:profile': {}, fixed_ips: [], id, security_groups: [] },
  'binding:vif_details': { vhostuser_socket: `/tmp/${id}`, vhostuser_mode: 'server' },
  ...{ 'binding:vif_type': 'vhostuser', mac_address: 'fa:16:3e:00:00:01', project_id: project, status: 'ACTIVE' },
  ...{ 'binding:host_id': host, description: '', device_id: '', name: '', admin_state_up: true, network_id: '' },
  ...{ tenant_id: project, created_at: '2021-03-01T09:59:00Z', 'binding:vnic_type': 'normal' },
});

const deliveryOf = ({ port, remoteIp }: OldServiceOptions) =>
  port === '' ? 'ERSPAN_EXT' : remoteIp === undefined ? 'Port' : 'ERSPAN_INT';

/** `create_tap_service_precommit`: key and value. */
export function oldServiceRecord(service: OldServiceOptions): readonly [string, string] {
  const { id, project, port, host, taasId, remoteIp, name = 'old service' } = service;
  const outside = port === '';
  const tap_service = {
    ...{ id, tenant_id: project, name, description: '', port_id: port, project_id: project },
    ...{
      status: outside ? 'ACTIVE' : 'PENDING_CREATE',
      ...(remoteIp === undefined ? {} : { erspan_dst_ip: remoteIp }),
    },
  };
  const dest_type = deliveryOf(service);
  return outside
    ? [`/networking-vpp/global/taas_service/${id}`, JSON.stringify({ tap_service, dest_type })]
    : [
        `/networking-vpp/nodes/${host}/taas_service/${id}`,
        JSON.stringify({ tap_service, taas_id: taasId, port: portOf(port, host, project), dest_type }),
      ];
}

/** `create_tap_flow_precommit`: a record on the source's node, and on the collector's if that is another. */
export function oldFlowRecords(flow: OldFlowOptions): readonly (readonly [string, string])[] {
  const { id, service, port, host, direction, session, vlanFilter, project = service.project } = flow;
  const tap_flow = {
    ...{ id, tenant_id: project, tap_service_id: service.id, name: 'old flow', description: '', source_port: port },
    ...{ direction, status: 'PENDING_CREATE', project_id: project },
    ...(vlanFilter === undefined ? {} : { vlan_filter: vlanFilter }),
    ...(session === undefined ? {} : { erspan_session_id: session }),
  };
  const dest_type = deliveryOf(service);
  const common = {
    tap_flow,
    port_mac: 'fa:16:3e:00:00:01',
    taas_id: service.taasId,
    port: portOf(port, host, project),
  };
  const inside = { ts_port_mac: 'fa:16:3e:00:00:02', tf_host: host, ts_host: service.host };
  const value = JSON.stringify({ ...common, ...(dest_type === 'ERSPAN_EXT' ? { tf_host: host } : inside), dest_type });
  const hosts = dest_type === 'Port' && service.host !== host ? [host, service.host] : [host];
  return hosts.map((each) => [`/networking-vpp/nodes/${each}/taas_flow/${id}`, value]);
}

export async function putAll(endpoint: string, records: Iterable<readonly [string, string]>): Promise<void> {
  for (const [key, value] of records) await putV2(endpoint, key, value);
}

const all = { sw_if_index: 0xffffffff, name_filter_valid: false, name_filter: '' } as const;
const [oneTag, popOne, adminUp] = [2, 3, 1];
/** It takes IN for what VPP receives (`vpp_const.SPAN_RX`), which is what the VM sends. */
const spanStates = { IN: 1, OUT: 2, BOTH: 3 } as const;

/** Its agent on one node. */
export class OldTaasAgent {
  private constructor(private readonly vpp: Awaited<ReturnType<typeof connectToSwitch>>) {}

  static async start(lab: LabSwitch): Promise<OldTaasAgent> {
    return new OldTaasAgent(await connectToSwitch(lab, 'networking-vpp-taas'));
  }

  close(): Promise<void> {
    return this.vpp.close();
  }

  /** `TaasServiceAgentWatcher.added`: takes the collector's port out of its network, into a bridge domain that floods. */
  async addService(port: LabPort, vlan: number): Promise<void> {
    const uplink = await this.#ensureNetwork(vlan);
    await this.#join(port.swIfIndex, uplink);
  }

  /** `TaasServiceAgentWatcher.removed`: puts it back into its network. */
  async removeService(port: LabPort, vlan: number): Promise<void> {
    await this.#join(port.swIfIndex, port.bridgeDomain);
    await this.#removeNetwork(await this.#ensureNetwork(vlan));
  }

  /** `TaasFlowAgentWatcher.added`: to the collector's port if that is on this node, else to the uplink's sub-interface. */
  async addFlow(source: LabPort, to: LabPort | number, direction: 'IN' | 'OUT' | 'BOTH'): Promise<void> {
    await this.#mirror(source, await this.#destination(to), spanStates[direction]);
  }

  /**
   * `TaasFlowAgentWatcher.removed`. With the flow goes the network of its VLAN, whether others need it or not: it counts them by
   * `sw_interface_span_dump` without `is_l2`, which lists none of these.
   */
  async removeFlow(source: LabPort, to: LabPort | number): Promise<void> {
    const destination = await this.#destination(to);
    await this.#mirror(source, destination, 0);
    if (typeof to === 'number') await this.#removeNetwork(destination);
  }

  async #destination(to: LabPort | number): Promise<number> {
    return typeof to === 'number' ? this.#ensureNetwork(to) : to.swIfIndex;
  }

  async #mirror(source: LabPort, destination: number, state: number): Promise<void> {
    await this.vpp.request('sw_interface_span_enable_disable', {
      ...{ sw_if_index_from: source.swIfIndex, sw_if_index_to: destination, is_l2: true, state },
    });
  }

  /** `delete_network_bridge_on_host` */
  async #removeNetwork(uplink: number): Promise<void> {
    await this.vpp.request('sw_interface_set_l2_bridge', {
      ...{ rx_sw_if_index: uplink, bd_id: 0, port_type: 0, shg: 0, enable: false },
    });
    await this.#bridgeDomain(uplink, false);
    await this.vpp.request('delete_subif', { sw_if_index: uplink });
  }

  /** `VlanNetworkType.create_network_in_vpp` and `bridge_enable_flooding` */
  async #ensureNetwork(vlan: number): Promise<number> {
    const interfaces = await this.vpp.dump('sw_interface_dump', all);
    const parent = interfaces.find(({ tag }) => tag === `net-vpp.physnet:${physnet}`);
    if (parent === undefined) throw new Error('the node has no uplink');
    // By its name, whoever has made it.
    const known = interfaces.find(({ interface_name }) => interface_name === `${parent.interface_name}.${vlan}`);
    if (known) return known.sw_if_index;
    const { sw_if_index } = await this.vpp.request('create_subif', {
      ...{ sw_if_index: parent.sw_if_index, sub_id: vlan, sub_if_flags: oneTag, outer_vlan_id: vlan, inner_vlan_id: 0 },
    });
    await this.vpp.request('l2_interface_vlan_tag_rewrite', {
      ...{ sw_if_index, vtr_op: popOne, push_dot1q: 0, tag1: 0, tag2: 0 },
    });
    const tag = `net-vpp.uplink:${physnet}.vlan.${vlan}`;
    await this.vpp.request('sw_interface_tag_add_del', { is_add: true, sw_if_index, tag });
    await this.#bridgeDomain(sw_if_index, true);
    await this.#join(sw_if_index, sw_if_index);
    await this.vpp.request('sw_interface_set_flags', { sw_if_index, flags: adminUp });
    return sw_if_index;
  }

  async #bridgeDomain(bd_id: number, is_add: boolean): Promise<void> {
    // `bridge_set_flags`: unknown unicast is flooded, and nothing else.
    const flags = { flood: false, uu_flood: true, forward: false, learn: false, arp_term: false, arp_ufwd: false };
    await this.vpp.request('bridge_domain_add_del', { bd_id, ...flags, mac_age: 0, bd_tag: '', is_add });
  }

  async #join(rx_sw_if_index: number, bd_id: number): Promise<void> {
    await this.vpp.request('sw_interface_set_l2_bridge', {
      ...{ rx_sw_if_index, bd_id, port_type: 0, shg: 0, enable: true },
    });
  }
}
