import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  freePort,
  type LabPort,
  ProgramProcess,
  physnet,
  SimSwitch,
  SimWire,
  TaasClient,
  tunnelAddress,
  withoutBounds,
} from '@taas/lab';
import { keys } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import { type EtcdProcess, launchEtcd } from '@taas/store/testing';
import { deleteV2, putV2 } from './v2-keys.js';

/** One of the real programs with its configuration, and where it is to be asked. */
export interface RunningProgram {
  readonly process: ProgramProcess;
  /** The API of a server; the health port of an agent. */
  readonly url: string;
  readonly health: string;
  readonly configFile: string;
  readonly logFile: string;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A real etcd, two servers and an agent a node as processes of their own; the switches are simulators in this process. */
export class ProgramCloud {
  readonly clock = systemClock;
  readonly switches = new Map<string, SimSwitch>();
  readonly servers: RunningProgram[] = [];
  readonly agents = new Map<string, RunningProgram>();
  readonly secondAgents: RunningProgram[] = [];

  private constructor(
    readonly directory: string,
    readonly etcd: EtcdProcess,
    readonly store: Store,
    private readonly bindings: 'etcd-v2' | 'etcd-v3',
    private readonly transport: 'vlan' | 'vxlan',
  ) {}

  /** @param bindings by which API of etcd ports are bound: v2 is networking-vpp's */
  static async start(
    nodes: readonly string[],
    bindings: 'etcd-v2' | 'etcd-v3' = 'etcd-v3',
    transport: 'vlan' | 'vxlan' = 'vlan',
  ): Promise<ProgramCloud> {
    const directory = mkdtempSync(join(tmpdir(), 'taas-programs-'));
    const clock = systemClock;
    const etcd = await launchEtcd({ clock, args: bindings === 'etcd-v2' ? ['--enable-v2'] : [] });
    const store = createEtcdStore({ endpoints: [etcd.endpoint], clock, logger: silentLogger, random: Math.random });
    const cloud = new ProgramCloud(directory, etcd, store, bindings, transport);
    try {
      const wire = new SimWire();
      for (const [n, name] of nodes.entries()) {
        mkdirSync(join(directory, name));
        const sim = await SimSwitch.start(join(directory, name), name);
        cloud.switches.set(name, sim);
        sim.addUplink(wire, { physnet, tunnelAddress: tunnelAddress(n) });
      }
      for (const n of [0, 1]) cloud.servers.push(await cloud.#startServer(n));
      for (const name of nodes) cloud.agents.set(name, await cloud.#startAgent(name));
      return cloud;
    } catch (error) {
      await cloud.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const { process } of [...this.secondAgents, ...this.agents.values(), ...this.servers])
      await process.stop('SIGKILL');
    for (const each of this.switches.values()) await each.stop();
    await this.store.close();
    await this.etcd.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  switch(node: string): SimSwitch {
    return found(this.switches.get(node), node);
  }

  agent(node: string): RunningProgram {
    return found(this.agents.get(node), node);
  }

  server(n: number): RunningProgram {
    return found(this.servers[n], `server ${n}`);
  }

  client(server: number, project = 'project-a'): TaasClient {
    return new TaasClient(this.server(server).url, project, this.clock);
  }

  /** Which of the two servers leads. */
  async leader(): Promise<number | undefined> {
    for (const [n, { health }] of this.servers.entries()) {
      const role = await fetch(`${health}/readyz`).then(
        async (answer) => ((await answer.json()) as { role?: string }).role,
        () => undefined,
      );
      if (role === 'leader') return n;
    }
    return undefined;
  }

  async put(key: string, value: string): Promise<void> {
    await this.store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
  }

  /** A VM's port, bound and made. */
  async addPort(node: string, id: string, bridgeDomain: number, project = 'project-a'): Promise<LabPort> {
    await this.bind(node, id, project);
    return this.switch(node).addPort({ id, bridgeDomain });
  }

  async bind(node: string, id: string, project = 'project-a'): Promise<void> {
    const value = JSON.stringify({ binding_type: 'vhostuser', project_id: project });
    await this.putBinding(keys.boundPort(node, id), value);
  }

  /** Any value under a key of networking-vpp's. */
  async putBinding(key: string, value: string): Promise<void> {
    if (this.bindings === 'etcd-v2') await putV2(this.etcd.endpoint, key, value);
    else await this.put(key, value);
  }

  async unbind(node: string, id: string): Promise<void> {
    const key = keys.boundPort(node, id);
    if (this.bindings === 'etcd-v2') await deleteV2(this.etcd.endpoint, key);
    else await this.store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
  }

  writes(): readonly (number | undefined)[] {
    return [...this.switches.values()].map((each) => each.writes());
  }

  async until(what: string, condition: () => Promise<boolean>, timeoutMs = 15_000): Promise<void> {
    const deadline = this.clock.monotonic() + timeoutMs;
    while (!(await condition())) {
      if (this.clock.monotonic() > deadline) throw new Error(`not true after ${timeoutMs} ms: ${what}`);
      await this.clock.sleep(20);
    }
  }

  async #startServer(n: number): Promise<RunningProgram> {
    const [api, health] = [await freePort(), await freePort()];
    const config = {
      listen: { host: '127.0.0.1', port: api },
      auth: { mode: 'development' },
      networking_vpp: { bindings: this.bindings },
      election: { ttl_s: 2 },
      ...withoutBounds,
      segments:
        this.transport === 'vlan'
          ? [{ type: 'vlan', physnet, first: 3900, last: 3999, exclusive: true }]
          : [{ type: 'vxlan', first: 70_000, last: 70_999 }],
    };
    return this.#start(`server-${n}`, 'taas-server', config, api, health);
  }

  /** Starts one agent too many: the same but for its health port. It is not ready, but answers, when this resolves. */
  async startSecondAgent(node: string): Promise<RunningProgram> {
    const made = await this.#startAgent(node, `second-${node}`, false);
    this.secondAgents.push(made);
    return made;
  }

  async #startAgent(node: string, name = `agent-${node}`, ready = true): Promise<RunningProgram> {
    const health = await freePort();
    const n = [...this.switches.keys()].indexOf(node);
    const config = {
      node,
      vpp: { api_socket: this.switch(node).apiSocket },
      physnets: [{ name: physnet }],
      tunnel_address: tunnelAddress(n).split('/')[0],
      lease_ttl_s: 3,
      intervals: { verify_ms: 200, port_poll_ms: 20 },
    };
    return this.#start(name, 'taas-agent', config, health, health, ready);
  }

  async #start(
    name: string,
    program: 'taas-server' | 'taas-agent',
    more: object,
    port: number,
    healthPort: number,
    ready = true,
  ): Promise<RunningProgram> {
    const { directory } = this;
    const config = {
      ...more,
      etcd: { endpoints: [this.etcd.endpoint], allow_unprotected: true },
      health: { host: '127.0.0.1', port: healthPort },
    };
    const process = new ProgramProcess({ name, program, directory, config, healthPort }, this.clock);
    const at = (of: number) => `http://127.0.0.1:${of}`;
    const [configFile, logFile] = [join(directory, `${name}.yaml`), join(directory, `${name}.log`)];
    await process.start(ready);
    return { process, url: at(port), health: at(healthPort), configFile, logFile };
  }
}

/** Runs a program to its end. */
export function run(program: 'taas-server' | 'taas-agent', args: readonly string[]): Promise<Outcome> {
  const folder = program.replace('taas-', '');
  const script = fileURLToPath(new URL(`../../packages/${folder}/bin/${program}.js`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a program with a configuration of this text. */
export async function runWith(
  program: 'taas-server' | 'taas-agent',
  yaml: string,
  ...more: string[]
): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), 'taas-config-'));
  try {
    const file = join(directory, 'config.yaml');
    writeFileSync(file, yaml);
    return await run(program, ['--config', file, ...more]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The lines of a program's log. */
export function logLines(file: string): readonly Readonly<Record<string, unknown>>[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`there is no ${name} in this cloud`);
  return value;
}
