import { join } from 'node:path';
import { agentConfig, freePort, type LabPort, type LabSwitch, startSwitches } from '@taas/lab';
import { silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import type { ServiceProcess } from './lab/service-process.js';
import { taasProgram } from './taas-program.js';

/** A port as Neutron shows it to an administrator, as far as networking-vpp looks. */
export interface NeutronPort {
  readonly id: string;
  readonly 'binding:host_id': string;
  readonly 'binding:vif_type': string;
}

export interface TapNode {
  readonly switch: LabSwitch;
  /** To be stopped and started in a test. */
  readonly agent: ServiceProcess;
}

/**
 * Compute nodes: a simulated VPP each, and the program `taas-agent` beside it. The part of networking-vpp's agent, the ports'
 * interfaces in VPP, is played here; where a port is bound the server hears from Neutron.
 */
export class TapNodes {
  readonly #nodes = new Map<string, TapNode>();
  readonly #closers: (() => Promise<unknown>)[] = [];

  private constructor(private readonly store: Store) {}

  static async start(etcdUrl: string, directory: string, names: readonly string[]): Promise<TapNodes> {
    const clock = systemClock;
    const store = createEtcdStore({ endpoints: [etcdUrl], clock, logger: silentLogger, random: Math.random });
    const nodes = new TapNodes(store);
    try {
      const of = { nodes: names, switch: 'simulated', store: 'embedded', transport: 'either', clock } as const;
      const switches = await startSwitches({ ...of, logger: silentLogger }, directory, nodes.#closers);
      for (const [name, lab] of switches) await nodes.#add(name, lab, { etcdUrl, directory });
      return nodes;
    } catch (error) {
      await nodes.stop();
      throw error;
    }
  }

  node(name: string): TapNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`there is no node ${name}`);
    return node;
  }

  /** networking-vpp's agent makes the port's interface, in a bridge domain of its network. */
  async plug(port: NeutronPort, bridgeDomain: number): Promise<LabPort> {
    return this.node(port['binding:host_id']).switch.addPort({ id: port.id, bridgeDomain });
  }

  /** It takes the interface away: the port is bound elsewhere, or gone. */
  async unplug(node: string, port: LabPort): Promise<void> {
    await this.node(node).switch.removePort(port);
  }

  /** What ours in etcd still speaks of this tap. */
  async keysOf(tap: string): Promise<readonly string[]> {
    const { entries } = await this.store.list('/networking-vpp/');
    return entries.map(({ key }) => key).filter((key) => key.endsWith(`/${tap}`));
  }

  async stop(): Promise<void> {
    for (const { agent } of this.#nodes.values()) await agent.stop();
    for (const close of this.#closers.toReversed()) await close();
    await this.store.close();
  }

  async #add(name: string, lab: LabSwitch, place: { etcdUrl: string; directory: string }): Promise<void> {
    const healthPort = await freePort();
    const agent = taasProgram({
      ...{ program: 'taas-agent', directory: join(place.directory, name), healthPort },
      config: agentConfig(
        // A node whose agent is held back for a while is not an unattended one.
        { agent: { lease_ttl_s: 300, statistics: { state_file: join(place.directory, `${name}.statistics.json`) } } },
        {
          ...{ node: name, n: this.#nodes.size, apiSocket: lab.apiSocket, apiFolders: lab.apiFolders, healthPort },
          endpoints: [place.etcdUrl],
        },
      ),
    });
    this.#nodes.set(name, { switch: lab, agent });
    await agent.start();
  }
}
