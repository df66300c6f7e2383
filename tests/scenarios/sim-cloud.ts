import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Agent,
  type AgentConfig,
  agentConfigSchema,
  checkAgentConfig,
  createAgent,
  createVppLock,
} from '@taas/agent';
import { dryRun } from '@taas/agent/testing';
import { physnet, SimSwitch, SimWire, TaasClient, tunnelAddress, withoutBounds } from '@taas/lab';
import { keys } from '@taas/model';
import { checkServerConfig, createServer, type Server, serverConfigSchema } from '@taas/server';
import { checkConfig, systemClock } from '@taas/service';
import { createEmbeddedStore, type EmbeddedStore } from '@taas/store/testing';
import { agentMessages, connect } from 'vpp-api';
import { type LogLine, recordingLogger } from './recording-logger.js';
import { slowStore } from './slow-store.js';

export interface SimCloudOptions {
  readonly nodes: readonly string[];
  readonly transport: 'vlan' | 'vxlan';
  /** Default: one. */
  readonly servers?: number;
  /** How late a server's transactions reach the store, in ms. Default: not at all. */
  readonly storeDelayMs?: number;
  /** How long an agent waits for an answer of its switch, in ms. Default: 5,000. */
  readonly switchTimeoutMs?: number;
  /** Which errors end an agent's reconcile pass, other than as it is. */
  readonly endsPass?: (error: unknown) => boolean;
}

/**
 * A cloud in this process for tests that make trouble: simulators, the embedded store, any number of servers, and agents
 * that look often. Unlike the lab's, each part can be taken away by itself, and each has a connection of its own to the
 * store.
 */
export class SimCloud {
  readonly clock = systemClock;
  readonly log: LogLine[] = [];
  readonly store: EmbeddedStore = createEmbeddedStore({ clock: systemClock });
  readonly #directory = mkdtempSync(join(tmpdir(), 'taas-sim-cloud-'));
  readonly #switches = new Map<string, SimSwitch>();
  readonly #agents = new Map<string, { agent: Agent; store: EmbeddedStore }>();
  readonly #servers: { server: Server; store: EmbeddedStore; port: number }[] = [];
  #ids = 0;

  private constructor(private readonly options: SimCloudOptions) {}

  /** Starts simulators and servers; agents only when `agents` says so. */
  static async start(options: SimCloudOptions, agents = true): Promise<SimCloud> {
    const cloud = new SimCloud(options);
    try {
      const wire = new SimWire();
      for (const [n, name] of options.nodes.entries()) {
        const directory = join(cloud.#directory, name);
        mkdirSync(directory);
        const sim = await SimSwitch.start(directory, name);
        cloud.#switches.set(name, sim);
        sim.addUplink(wire, { physnet, tunnelAddress: tunnelAddress(n) });
      }
      for (let n = 0; n < (options.servers ?? 1); n++) await cloud.startServer(n);
      if (agents) for (const name of options.nodes) await cloud.startAgent(name);
      return cloud;
    } catch (error) {
      await cloud.stop();
      throw error;
    }
  }

  switch(node: string): SimSwitch {
    const found = this.#switches.get(node);
    if (found === undefined) throw new Error(`there is no node ${node} in this cloud`);
    return found;
  }

  get switches(): ReadonlyMap<string, SimSwitch> {
    return this.#switches;
  }

  server(n = 0): Server {
    const found = this.#servers[n];
    if (found === undefined) throw new Error(`there is no server ${n} in this cloud`);
    return found.server;
  }

  client(project: string, server = 0): TaasClient {
    return new TaasClient(this.server(server).address, project, this.clock);
  }

  /** A request as somebody of the project, with whatever body; the answer's body is parsed if it is JSON. */
  async ask(method: string, path: string, more: AskOptions = {}): Promise<Answer> {
    const { project = 'project-a', body, server = 0, roles = 'member' } = more;
    const answer = await fetch(`${this.server(server).address}/v2.0/taas/${path}`, {
      method,
      // A connection of its own: one that is kept would break under the next request when the server is restarted.
      headers: { 'x-project-id': project, 'x-roles': roles, 'content-type': 'application/json', connection: 'close' },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text, requestId: answer.headers.get('x-openstack-request-id') };
  }

  /** What /readyz of a program says. */
  async readyz(of: 'server' | string): Promise<{ readonly status: number; readonly text: string }> {
    const agent = this.#agents.get(of)?.agent;
    const address = agent ? `http://127.0.0.1:${agent.healthPort}` : this.server().healthAddress;
    const answer = await fetch(`${address}/readyz`);
    return { status: answer.status, text: await answer.text() };
  }

  async startServer(n: number): Promise<void> {
    const store = this.store.client();
    // The same address after a restart, as an operator's server has.
    const port = this.#servers[n]?.port ?? 0;
    const { transport } = this.options;
    const config = {
      listen: { host: '127.0.0.1', port },
      health: { host: '127.0.0.1', port: 0 },
      auth: { mode: 'development' },
      networking_vpp: { bindings: 'etcd-v3' },
      election: { ttl_s: 2 },
      project_share: 1,
      ...withoutBounds,
      segments:
        transport === 'vlan'
          ? [{ type: 'vlan', physnet, first: 3900, last: 3999, exclusive: true }]
          : [{ type: 'vxlan', first: 70_000, last: 79_999 }],
    };
    const server = createServer(checkServerConfig(checkConfig(serverConfigSchema, config, 'test'), 'test'), {
      ...{ clock: systemClock, random: Math.random, replica: `server-${n}` },
      store: this.options.storeDelayMs === undefined ? store : slowStore(store, systemClock, this.options.storeDelayMs),
      logger: recordingLogger(this.log, { program: `server-${n}` }),
      newId: () => this.#newId(),
    });
    await server.start();
    this.#servers[n] = { server, store, port: Number(new URL(server.address).port) };
  }

  async stopServer(n: number): Promise<void> {
    await this.#servers[n]?.server.stop();
    await this.#servers[n]?.store.close();
  }

  async restartServer(n = 0): Promise<void> {
    await this.stopServer(n);
    await this.startServer(n);
  }

  async startAgent(node: string): Promise<void> {
    const store = this.store.client();
    const socketPath = this.switch(node).apiSocket;
    const requestTimeoutMs = this.options.switchTimeoutMs ?? 5_000;
    const messages = agentMessages;
    const agent = createAgent(this.#agentConfig(node), {
      ...{ store, clock: systemClock, random: Math.random, logger: recordingLogger(this.log, { program: node }) },
      lock: createVppLock({ apiSocket: socketPath, self: { pid: process.pid, node }, clock: systemClock }),
      connectVpp: (signal) => connect({ socketPath, clientName: 'taas-agent', messages, requestTimeoutMs, signal }),
      ...(this.options.endsPass ? { endsPass: this.options.endsPass } : {}),
    });
    await agent.start();
    this.#agents.set(node, { agent, store });
  }

  async stopAgent(node: string): Promise<void> {
    const found = this.#agents.get(node);
    this.#agents.delete(node);
    await found?.agent.stop();
    await found?.store.close();
  }

  async restartAgent(node: string): Promise<void> {
    await this.stopAgent(node);
    await this.startAgent(node);
  }

  /** Resolves when the node's agent has read the whole of its switch since `restartAgent` began. */
  async restartAgentAndLook(node: string): Promise<void> {
    const before = (await this.store.get(keys.agent(node)))?.modRevision ?? 0;
    await this.restartAgent(node);
    await this.until(`the agent of ${node} has looked at its switch`, async () => {
      const entry = await this.store.get(keys.agent(node));
      return entry !== undefined && entry.modRevision > before && entry.value.includes(physnet);
    });
  }

  /** What the agent would do now, as its dry run says it: without any lines if there is nothing to do. */
  async stillToDo(node: string): Promise<readonly string[]> {
    const { signal } = new AbortController();
    const socketPath = this.switch(node).apiSocket;
    const vpp = await connect({ socketPath, clientName: 'dry-run', messages: agentMessages, signal });
    try {
      const lines = await dryRun(this.#agentConfig(node), this.store, vpp, signal);
      return lines[0] === 'nothing to do' ? [] : lines;
    } finally {
      await vpp.close();
    }
  }

  async put(key: string, value: string): Promise<number> {
    return (await this.store.transact({ compare: [], operations: [{ kind: 'put', key, value }] })).revision;
  }

  async delete(key: string): Promise<void> {
    await this.store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
  }

  /** networking-vpp's record of a port bound on a node. */
  async bind(node: string, port: string, project?: string): Promise<void> {
    const record = { physnet, network_type: 'vlan', segmentation_id: 20, binding_type: 'vhostuser' };
    await this.put(
      keys.boundPort(node, port),
      JSON.stringify({ ...record, ...(project ? { project_id: project } : {}) }),
    );
  }

  async unbind(node: string, port: string): Promise<void> {
    await this.delete(keys.boundPort(node, port));
  }

  /** Keys of ours in etcd that stand for a tap: of the API, of nodes, of segments. */
  async keysOfTaps(): Promise<readonly string[]> {
    const { entries } = await this.store.list('/networking-vpp/');
    return entries.map(({ key }) => key).filter((key) => /taas\/(tap_|segments|port_roles)/.test(key));
  }

  /** @throws Error saying what never came true, with what `detail` says of it */
  async until(
    what: string,
    condition: () => Promise<boolean>,
    timeoutMs = 8_000,
    detail: () => unknown = () => '',
  ): Promise<void> {
    const deadline = this.clock.monotonic() + timeoutMs;
    while (!(await condition())) {
      if (this.clock.monotonic() > deadline) throw new Error(`not true after ${timeoutMs} ms: ${what} ${detail()}`);
      await this.clock.sleep(5);
    }
  }

  async stop(): Promise<void> {
    this.store.start();
    for (const name of [...this.#agents.keys()]) await this.stopAgent(name);
    for (let n = 0; n < this.#servers.length; n++) await this.stopServer(n);
    for (const each of this.#switches.values()) await each.stop();
    await this.store.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Ids that a second cloud, asked the same, would give too. */
  #newId(): string {
    this.#ids += 1;
    return `77777777-0000-4000-8000-${this.#ids.toString().padStart(12, '0')}`;
  }

  #agentConfig(node: string): AgentConfig {
    const config = {
      node,
      physnets: [{ name: physnet }],
      tunnel_address: tunnelAddress(this.options.nodes.indexOf(node)).split('/')[0],
      health: { host: '127.0.0.1', port: 0 },
      lease_ttl_s: 2,
      intervals: { verify_ms: 100, port_poll_ms: 10, retry_first_ms: 10, retry_max_ms: 100 },
    };
    return checkAgentConfig(checkConfig(agentConfigSchema, config, 'test'), 'test');
  }
}

export interface AskOptions {
  readonly project?: string;
  /** Text goes out as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly server?: number;
  readonly roles?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly requestId: string | null;
}
