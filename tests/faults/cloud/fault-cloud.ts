import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agentConfigSchema, checkAgentConfig } from '@taas/agent';
import { dryRun } from '@taas/agent/testing';
import {
  freePort,
  type LabSwitch,
  ProgramProcess,
  physnet,
  RealSwitch,
  Relay,
  SimSwitch,
  SimWire,
  tunnelAddress,
  type VppBinary,
  VppFaults,
  withoutBounds,
} from '@taas/lab';
import { checkConfig, silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import { agentMessages, connect } from 'vpp-api';
import { EtcdCluster } from './etcd-cluster.js';
import { findFakeTime, ShiftedClock, tidyUpAfter } from './shifted-clock.js';

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
  /** Between the agent and its switch. */
  readonly vpp: Relay;
  readonly vppFaults: VppFaults;
  readonly vppSocket: string;
}

/**
 * What the harness makes trouble in: three etcds, two servers and an agent a node, each a process, with simulators or
 * real VPPs. Between any two of them there is a relay. It is made once for many runs, since each run leaves it empty.
 */
export class FaultCloud {
  readonly clock = systemClock;
  readonly nodes: FaultNode[] = [];
  readonly servers: Program[] = [];
  readonly agents: Program[] = [];

  private constructor(
    readonly options: FaultCloudOptions,
    readonly directory: string,
    readonly etcd: EtcdCluster,
    readonly store: Store,
  ) {}

  static async start(options: FaultCloudOptions): Promise<FaultCloud> {
    const clock = systemClock;
    const etcd = await EtcdCluster.start(clock, options.etcd);
    const store = createEtcdStore({ endpoints: etcd.endpoints, clock, logger: silentLogger, random: Math.random });
    const cloud = new FaultCloud(options, mkdtempSync(join(tmpdir(), 'taas-faults-')), etcd, store);
    try {
      await cloud.#startSwitches();
      for (const n of [0, 1]) cloud.servers.push(await cloud.#startServer(n));
      for (const node of cloud.nodes) cloud.agents.push(await cloud.startAgent(node, `agent-${node.name}`));
      return cloud;
    } catch (error) {
      await cloud.stop();
      throw error;
    }
  }

  get kind(): 'sim' | 'real' {
    return this.options.vpp === undefined ? 'sim' : 'real';
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
  async leader(): Promise<number | undefined> {
    for (const [n, { health }] of this.servers.entries()) {
      const role = await fetch(`${health}/readyz`, { signal: AbortSignal.timeout(500) }).then(
        async (answer) => ((await answer.json()) as { role?: string }).role,
        () => undefined,
      );
      if (role === 'leader') return n;
    }
    return undefined;
  }

  /** Writes as networking-vpp would: until it is written. */
  async put(key: string, value: string): Promise<number> {
    return this.#insist({ kind: 'put', key, value });
  }

  async delete(key: string): Promise<void> {
    await this.#insist({ kind: 'delete', key });
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
  async stillToDo(node: FaultNode): Promise<readonly string[]> {
    const { signal } = new AbortController();
    const vpp = await connect({
      socketPath: node.switch.apiSocket,
      clientName: 'dry-run',
      messages: agentMessages,
      signal,
    });
    try {
      const config = checkAgentConfig(checkConfig(agentConfigSchema, agentConfig(node), 'faults'), 'faults');
      const lines = await dryRun(config, this.store, vpp, signal);
      return lines[0] === 'nothing to do' ? [] : lines;
    } finally {
      await vpp.close();
    }
  }

  /** An agent for the node, ready; also one too many. */
  async startAgent(node: FaultNode, name: string): Promise<Program> {
    return this.#start({ name, program: 'taas-agent', config: agentConfig(node), port: undefined });
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
    for (const program of this.programs) await this.discard(program, 'SIGKILL');
    for (const node of this.nodes) {
      await node.vpp.close();
      await node.switch.stop();
    }
    await this.store.close();
    await this.etcd.stop();
    if (!options.keepFiles) rmSync(this.directory, { recursive: true, force: true });
  }

  async #insist(
    operation: { kind: 'put'; key: string; value: string } | { kind: 'delete'; key: string },
  ): Promise<number> {
    const deadline = this.clock.monotonic() + 60_000;
    for (;;) {
      try {
        return (await this.store.transact({ compare: [], operations: [operation] })).revision;
      } catch (error) {
        if (this.clock.monotonic() > deadline) throw error;
      }
      await this.clock.sleep(50);
    }
  }

  async #startSwitches(): Promise<void> {
    const { vpp, nodes } = this.options;
    const wire = new SimWire();
    const real: RealSwitch[] = [];
    for (let n = 0; n < nodes; n++) {
      const name = `node-${n}`;
      const directory = join(this.directory, name);
      mkdirSync(directory);
      let made: LabSwitch;
      if (vpp === undefined) {
        const sim = await SimSwitch.start(directory, name);
        sim.addUplink(wire, { physnet, tunnelAddress: tunnelAddress(n) });
        made = sim;
      } else {
        const each = new RealSwitch(
          vpp,
          directory,
          `faults-${process.pid}-${name}-${this.options.transport}`,
          this.clock,
        );
        await each.start();
        real.push(each);
        made = each;
      }
      const vppSocket = join(directory, 'relayed.sock');
      const vppFaults = new VppFaults();
      const { clock } = this;
      const relay = await Relay.open({
        ...{ listen: { path: vppSocket }, target: { path: made.apiSocket }, clock, filter: vppFaults.filter },
      });
      this.nodes.push({ name, n, switch: made, vpp: relay, vppFaults, vppSocket });
    }
    const [a, b, ...more] = real;
    if (more.length > 0) throw new RangeError('a cloud of real VPPs has two nodes at most: a memif joins two');
    if (a && b) await RealSwitch.join(a, b, physnet, [tunnelAddress(0), tunnelAddress(1)]);
  }

  async #startServer(n: number): Promise<Program> {
    const port = await freePort();
    const config = {
      listen: { host: '127.0.0.1', port },
      auth: { mode: 'development' },
      networking_vpp: { bindings: 'etcd-v3' },
      election: { ttl_s: leaseSeconds },
      ...withoutBounds,
      segments:
        this.options.transport === 'vlan'
          ? [{ type: 'vlan', physnet, first: 3900, last: 3999, exclusive: true }]
          : [{ type: 'vxlan', first: 70_000, last: 79_999 }],
    };
    return this.#start({ name: `server-${n}`, program: 'taas-server', config, port });
  }

  async #start(wanted: {
    readonly name: string;
    readonly program: 'taas-server' | 'taas-agent';
    readonly config: object;
    readonly port: number | undefined;
  }): Promise<Program> {
    const { name, program, port } = wanted;
    const { clock, directory } = this;
    const healthPort = await freePort();
    const etcd: Relay[] = [];
    for (const endpoint of this.etcd.endpoints)
      etcd.push(await Relay.open({ target: { port: Number(new URL(endpoint).port) }, clock }));
    const endpoints = etcd.map((relay) => `http://127.0.0.1:${relay.port}`);
    const library = findFakeTime();
    const time = library === undefined ? undefined : new ShiftedClock(library, join(directory, `${name}.time`));
    const process = new ProgramProcess(
      {
        ...{ name, program, directory, healthPort },
        config: {
          ...wanted.config,
          etcd: { endpoints, allow_unprotected: true },
          health: { host: '127.0.0.1', port: healthPort },
        },
        ...(time === undefined ? {} : { env: time.env }),
      },
      clock,
    );
    const made = {
      ...{ name, process, etcd, time },
      url: `http://127.0.0.1:${port ?? healthPort}`,
      health: `http://127.0.0.1:${healthPort}`,
    };
    try {
      await process.start(false);
    } catch (error) {
      await this.discard(made, 'SIGKILL');
      throw error;
    }
    return made;
  }
}

function agentConfig(node: FaultNode): object {
  return {
    node: node.name,
    vpp: { api_socket: node.vppSocket, timeout_ms: 2_000 },
    physnets: [{ name: physnet }],
    tunnel_address: tunnelAddress(node.n).split('/')[0],
    lease_ttl_s: leaseSeconds,
    intervals: { verify_ms: 1_000, liveness_ms: 200, port_poll_ms: 50, retry_max_ms: 1_000 },
  };
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new RangeError(`there is no ${name} in this cloud`);
  return value;
}
