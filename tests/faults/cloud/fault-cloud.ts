import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Cloud,
  type LabPort,
  type LabSwitch,
  type ProgramProcess,
  type Relay,
  type Unit,
  type VppBinary,
  type VppFaults,
} from '@taas/lab';
import { agentCodec, isAble, keys, type MirrorType, mirrorTransports, mirrorTypes } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import type { Store } from '@taas/store';
import { stillToDo } from '../../scenarios/at-rest.js';
import { EtcdCluster } from './etcd-cluster.js';
import { FaultSeams } from './fault-seams.js';
import { addOutside } from './outside.js';
import { type ShiftedClock, tidyUpAfter } from './shifted-clock.js';

export interface FaultCloudOptions {
  readonly nodes: number;
  readonly transport: 'vlan' | 'vxlan';
  /** A real VPP on every node; undefined: the simulator. */
  readonly vpp: VppBinary | undefined;
  /** Path of etcd. Default: the first on the PATH. */
  readonly etcd?: string;
}

/** Seconds of silence after which a leader or an agent counts as gone. */
export const leaseSeconds = 2;

/** A server or an agent, a process of its own, with walls between it and each member of etcd. */
export interface Program {
  readonly name: string;
  readonly process: ProgramProcess;
  readonly etcd: readonly Relay[];
  /** Undefined where there is no libfaketime. */
  readonly time: ShiftedClock | undefined;
  /** The API of a server. */
  readonly url: string;
  readonly health: string;
}

export interface FaultNode {
  readonly name: string;
  readonly n: number;
  readonly switch: LabSwitch;
  /** The network outside, where tap mirrors' copies leave. */
  readonly outside: LabPort;
  /** Between the agent and its switch. */
  readonly vpp: Relay;
  readonly vppFaults: VppFaults;
}

/**
 * What the harness makes trouble in: a cloud of three etcds, two servers and an agent a node, each a process, with simulators
 * or real VPPs, and a relay between any two of them. It is made once for many runs, since each run leaves it empty.
 */
export class FaultCloud {
  readonly clock = systemClock;
  readonly nodes: readonly FaultNode[];
  readonly servers: readonly Program[];
  readonly agents: readonly Program[];

  private constructor(
    readonly options: FaultCloudOptions,
    private readonly cloud: Cloud,
    private readonly seams: FaultSeams,
    readonly etcd: EtcdCluster,
    outsides: readonly LabPort[],
    /** Types of tap mirrors that these switches can send. */
    readonly mirrorTypes: readonly MirrorType[],
  ) {
    this.nodes = cloud.nodes.map(({ name, switch: lab }, n) => {
      const outside = found(outsides[n], `network outside of ${name}`);
      return { name, n, switch: lab, outside, ...seams.switchOf(name) };
    });
    this.servers = cloud.servers.map((unit) => this.#program(unit));
    this.agents = cloud.nodes.map(({ agent }) => this.#program(agent));
  }

  static async start(options: FaultCloudOptions): Promise<FaultCloud> {
    const { transport, vpp } = options;
    const etcd = await EtcdCluster.start(systemClock, options.etcd);
    const directory = mkdtempSync(join(tmpdir(), 'taas-faults-'));
    const seams = new FaultSeams(etcd.endpoints, directory, systemClock);
    try {
      const cloud = await Cloud.start({
        ...{ switch: vpp ?? 'simulated', store: { endpoints: etcd.endpoints }, process: 'programs', servers: 2 },
        ...{ nodes: Array.from({ length: options.nodes }, (_, n) => `node-${n}`), transport, seams: seams.all },
        server: { election: { ttl_s: leaseSeconds } },
        agent: {
          ...{ vpp: { timeout_ms: 2_000 }, lease_ttl_s: leaseSeconds },
          intervals: { verify_ms: 1_000, liveness_ms: 200, port_poll_ms: 50, retry_max_ms: 1_000 },
        },
        ...{ directory, clock: systemClock, logger: silentLogger },
      });
      const outsides = await Promise.all(cloud.nodes.map(({ switch: lab }) => addOutside(lab)));
      const types = await mirrorTypesOf(cloud.store, 'node-0');
      return new FaultCloud(options, cloud, seams, etcd, outsides, types);
    } catch (error) {
      await seams.close();
      await etcd.stop();
      rmSync(directory, { recursive: true, force: true });
      throw error;
    }
  }

  get kind(): 'sim' | 'real' {
    return this.options.vpp === undefined ? 'sim' : 'real';
  }

  get directory(): string {
    return this.cloud.directory;
  }

  get store(): Store {
    return this.cloud.store;
  }

  get programs(): readonly Program[] {
    return [...this.servers, ...this.agents];
  }

  node(n: number): FaultNode {
    return found(this.nodes[n % this.nodes.length], `node ${n}`);
  }

  agent(n: number): Program {
    return found(this.agents[n % this.agents.length], `agent ${n}`);
  }

  server(n: number): Program {
    return found(this.servers[n % this.servers.length], `server ${n}`);
  }

  /** Which server leads, by its own word. */
  leader(): Promise<number | undefined> {
    return this.cloud.leader(500);
  }

  /** Writes as networking-vpp would: until it is written. */
  put(key: string, value: string): Promise<number> {
    return this.#insist(() => this.cloud.put(key, value));
  }

  async delete(key: string): Promise<void> {
    await this.#insist(() => this.cloud.delete(key));
  }

  /** Why it is not a cloud in which all is well, or null. */
  async trouble(): Promise<string | null> {
    const etcd = await this.etcd.trouble();
    if (etcd !== null) return etcd;
    for (const { name, process } of this.programs) {
      if (process.ended !== null) return `${name} has ended by itself (${process.ended}); see ${process.logFile}`;
      if (!(await process.ready())) return `${name} is not ready`;
    }
    return (await this.leader()) === undefined ? 'no server leads' : null;
  }

  /** What the node's agent would do now, as its dry run says it; nothing when all is as it should be. */
  stillToDo({ name }: FaultNode): Promise<readonly string[]> {
    return stillToDo(this.cloud, name);
  }

  /** An agent too many for the node; it answers, and stands by. */
  async startSecondAgent(node: FaultNode, name: string): Promise<Program> {
    return this.#program(await this.cloud.startSecondAgent(node.name, name));
  }

  async stopProgram(program: Program, how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { pid } = program.process;
    await program.process.stop(how);
    tidyUpAfter(pid);
  }

  /** Stops a program for good. */
  async discard(program: Program, how: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.stopProgram(program, how);
    for (const relay of program.etcd) await relay.close();
  }

  /** @param options.keepFiles the programs' logs and configurations stay, for whoever wants to know what went wrong */
  async stop(options: { readonly keepFiles?: boolean } = {}): Promise<void> {
    for (const program of this.programs) await this.stopProgram(program, 'SIGKILL');
    await this.cloud.stop();
    await this.seams.close();
    await this.etcd.stop();
    if (!options.keepFiles) rmSync(this.directory, { recursive: true, force: true });
  }

  #program({ name, process, url, health }: Unit): Program {
    return { name, process, url, health, ...this.seams.programOf(name) };
  }

  async #insist<T>(write: () => Promise<T>): Promise<T> {
    const deadline = this.clock.monotonic() + 60_000;
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (this.clock.monotonic() > deadline) throw error;
      }
      await this.clock.sleep(50);
    }
  }
}

/** By what the node's agent says: while an agent cannot be heard, nobody else knows, and a mirror of any type is accepted. */
async function mirrorTypesOf(store: Store, node: string): Promise<readonly MirrorType[]> {
  const key = keys.agent(node);
  const record = agentCodec.parse(key, found(await store.get(key), key).value);
  return mirrorTypes.filter((type) => isAble(record, mirrorTransports[type].ability));
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new RangeError(`there is no ${name} in this cloud`);
  return value;
}
