import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { keys } from '@taas/model';
import { createEtcdStore, type Store } from '@taas/store';
import { createEmbeddedStore, type EtcdProcess, launchEtcd } from '@taas/store/testing';
import { TaasClient } from './api-client.js';
import { type CloudOptions, physnet, tunnelAddress } from './cloud-options.js';
import type { LabPort, LabSwitch, PortOptions, SubportOptions } from './lab-switch.js';
import { type AgentUnit, type ServerUnit, startAgent, startServer } from './program-units.js';
import { RealSwitch } from './real-switch.js';
import { SimSwitch } from './sim-switch.js';
import { SimWire } from './sim-wire.js';

/** A node of the lab: its switch and the TaaS agent beside it. */
export interface CloudNode {
  readonly name: string;
  readonly switch: LabSwitch;
  readonly agent: AgentUnit;
}

/** A private cloud on this machine. It plays networking-vpp's and Neutron's part: ports, bindings, physnets. */
export class Cloud {
  private constructor(
    private readonly options: CloudOptions,
    readonly store: Store,
    readonly etcd: EtcdProcess | undefined,
    readonly server: ServerUnit,
    private readonly nodes: ReadonlyMap<string, CloudNode>,
    /** What ends each part, in the order in which they were started. */
    private readonly started: readonly (() => Promise<void>)[],
  ) {}

  /** Starts everything and resolves when server and agents are ready. What it started so far is stopped on failure. */
  static async start(options: CloudOptions): Promise<Cloud> {
    const started: (() => Promise<void>)[] = [];
    try {
      const { clock } = options;
      const etcd = options.etcd === undefined ? undefined : await launchEtcd({ clock, command: options.etcd });
      if (etcd) started.push(() => etcd.close());
      const openStore = storeOf(options, etcd);
      const store = openStore();
      started.push(() => store.close());
      const switches = await startSwitches(options, (stop) => started.push(stop));
      const server = await startServer(options, store, etcd?.endpoint);
      started.push(() => server.stop());
      const nodes = new Map<string, CloudNode>();
      for (const [name, lab] of switches) {
        const agent = await startAgent(
          options,
          { name, apiSocket: lab.apiSocket, apiFolders: lab.apiFolders, n: nodes.size },
          openStore,
          etcd?.endpoint,
        );
        started.push(() => agent.stop());
        nodes.set(name, { name, switch: lab, agent });
      }
      return new Cloud(options, store, etcd, server, nodes, started);
    } catch (error) {
      for (const stop of started.toReversed()) await stop();
      throw error;
    }
  }

  get url(): string {
    return this.server.url;
  }

  /** Where the server answers /healthz and /readyz. */
  get healthUrl(): string {
    return this.server.healthUrl;
  }

  node(name: string): CloudNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`there is no node ${name} in this cloud`);
    return node;
  }

  client(projectId: string): TaasClient {
    return new TaasClient(this.url, projectId, this.options.clock);
  }

  /** Makes a VM's port on a node and binds it, as Neutron and networking-vpp would. */
  async addPort(node: string, port: PortOptions, projectId?: string): Promise<LabPort> {
    const made = await this.node(node).switch.addPort(port);
    await this.bind(node, port.id, projectId);
    return made;
  }

  /** Deletes a VM's port: its binding, and its interface. */
  async removePort(node: string, port: LabPort): Promise<void> {
    await this.unbind(node, port.id);
    await this.node(node).switch.removePort(port);
  }

  /** networking-vpp's record of a port bound on a node. */
  async bind(node: string, portId: string, projectId?: string): Promise<void> {
    const record = {
      ...{ mac_address: '02:fe:00:00:00:00', mtu: 1500, physnet, network_type: 'vlan', segmentation_id: 20 },
      ...{ binding_type: 'vhostuser', security_groups: [], allowed_address_pairs: [], fixed_ips: [] },
      ...{ port_security_enabled: false, device_id: '' },
      ...(projectId === undefined ? {} : { project_id: projectId }),
    };
    await put(this.store, keys.boundPort(node, portId), JSON.stringify(record));
  }

  /** networking-vpp's record of a trunk whose port is bound on a node. */
  async bindTrunk(
    node: string,
    portId: string,
    subports: readonly Omit<SubportOptions, 'bridgeDomain'>[],
  ): Promise<void> {
    const uplink = { physnet, uplink_seg_type: 'vlan', uplink_seg_id: 20, segmentation_type: 'vlan' };
    const sub_ports = subports.map(({ id, vlan }) => ({ port_id: id, segmentation_id: vlan, ...uplink }));
    const record = { status: 'ACTIVE', name: '', admin_state_up: true, sub_ports };
    await put(this.store, keys.boundTrunk(node, portId), JSON.stringify(record));
  }

  async unbind(node: string, portId: string): Promise<void> {
    await this.store.transact({ compare: [], operations: [{ kind: 'delete', key: keys.boundPort(node, portId) }] });
  }

  describe(): string {
    const first = this.nodes.values().next().value;
    const how = this.options.processes && this.etcd ? 'processes of their own' : 'in this process';
    return `${this.nodes.size} nodes (${first?.switch.description}), server and agents ${how}, ${this.options.transport} between nodes`;
  }

  /** How to look into it from a shell. */
  access(): readonly string[] {
    const sockets = [...this.nodes.values()].map((node) => `${node.name}: VPP's API is at ${node.switch.apiSocket}`);
    if (!this.etcd) return sockets;
    return [...sockets, `ETCDCTL_API=3 etcdctl --endpoints ${this.etcd.endpoint} get --prefix /networking-vpp/`];
  }

  async stop(): Promise<void> {
    for (const stop of this.started.toReversed()) await stop();
  }
}

/** @returns what opens another connection to it */
function storeOf({ clock, logger }: CloudOptions, etcd: EtcdProcess | undefined): () => Store {
  if (etcd) return () => createEtcdStore({ endpoints: [etcd.endpoint], clock, logger, random: Math.random });
  const embedded = createEmbeddedStore({ clock });
  return () => embedded.client();
}

async function startSwitches(
  options: CloudOptions,
  started: (stop: () => Promise<void>) => void,
): Promise<Map<string, LabSwitch>> {
  const real: RealSwitch[] = [];
  const wire = new SimWire();
  const switches = new Map<string, LabSwitch>();
  for (const [n, name] of options.nodes.entries()) {
    const directory = join(options.directory, name);
    mkdirSync(directory, { recursive: true });
    if (options.vpp) {
      const vpp = new RealSwitch(options.vpp, directory, `${name}-${randomUUID().slice(0, 8)}`, options.clock);
      started(() => vpp.stop());
      await vpp.start();
      real.push(vpp);
      switches.set(name, vpp);
    } else {
      const sim = await SimSwitch.start(directory, name, options.release);
      started(() => sim.stop());
      sim.addUplink(wire, { physnet, tunnelAddress: tunnelAddress(n, options.ip6) });
      switches.set(name, sim);
    }
  }
  const ends = real.map((node, n) => ({ node, tunnelAddress: tunnelAddress(n, options.ip6) }));
  const [a, b, ...more] = ends;
  if (options.vpp && more.length > 0) {
    const directory = join(options.directory, 'wire');
    mkdirSync(directory, { recursive: true });
    const wire = new RealSwitch(options.vpp, directory, `wire-${randomUUID().slice(0, 8)}`, options.clock);
    started(() => wire.stop());
    await wire.start();
    await RealSwitch.joinBy(wire, ends, physnet);
  } else if (a && b) await RealSwitch.join(a.node, b.node, physnet, [a.tunnelAddress, b.tunnelAddress]);
  return switches;
}

async function put(store: Store, key: string, value: string): Promise<void> {
  await store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
}
