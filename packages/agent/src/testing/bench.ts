import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  keys,
  type NodeTapFlow,
  type NodeTapService,
  nodeTapFlowCodec,
  nodeTapServiceCodec,
  type ResourceKind,
  type TapState,
  tapStateCodec,
} from '@taas/model';
import { checkConfig, type Logger, silentLogger, systemClock } from '@taas/service';
import { createEmbeddedStore, type EmbeddedStore } from '@taas/store/testing';
import { connect } from 'vpp-api';
import { createSimulator, joinUplinks, type Port, type Release, type Simulator } from 'vpp-sim';
import { type Agent, createAgent } from '../agent.js';
import { type AgentConfig, agentConfigSchema, checkAgentConfig } from '../config.js';
import { dryRun } from '../dry-run.js';
import { createVppLock } from '../lock/vpp-lock.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import { whatVppNeeds } from '../vpp/what-vpp-needs.js';

/** Logs to standard error, for a test that is being looked into. */
export const loudLogger: Logger = {
  debug: (fields, message) => process.stderr.write(`debug ${message} ${JSON.stringify(fields)}\n`),
  info: (fields, message) => process.stderr.write(`info ${message} ${JSON.stringify(fields)}\n`),
  warn: (fields, message) => process.stderr.write(`warn ${message} ${JSON.stringify(fields)}\n`),
  error: (fields, message) => process.stderr.write(`error ${message} ${JSON.stringify(fields)}\n`),
  child: () => loudLogger,
};

/** One node: a simulated VPP and, once started, an agent. */
export class BenchNode {
  agent: Agent | null = null;
  readonly #store: EmbeddedStore;

  constructor(
    readonly name: string,
    readonly vpp: Simulator,
    readonly uplink: Port,
    private readonly bench: Bench,
    private more: Record<string, unknown>,
    private readonly apiFolder: string,
  ) {
    this.#store = bench.store.client();
  }

  get store(): EmbeddedStore {
    return this.#store;
  }

  config(): AgentConfig {
    const config = {
      node: this.name,
      vpp: { api_socket: this.vpp.socketPath },
      physnets: [{ name: 'phys1' }],
      health: { port: 0 },
      intervals: { verify_ms: 60_000, liveness_ms: 50, port_poll_ms: 20, retry_first_ms: 20, retry_max_ms: 100 },
      ...this.more,
    };
    return checkAgentConfig(checkConfig(agentConfigSchema, config, 'test'), 'test');
  }

  connectVpp(signal: AbortSignal): Promise<Vpp> {
    return connect({
      socketPath: this.vpp.socketPath,
      clientName: 'agent',
      ...whatVppNeeds,
      apiFolders: { folders: [this.apiFolder] },
      healthIntervalMs: 0,
      signal,
    });
  }

  /** What a second agent would find to do. */
  async dryRun(): Promise<string[]> {
    const { signal } = new AbortController();
    const vpp = await this.connectVpp(signal);
    try {
      return await dryRun(this.config(), this.#store, vpp, signal);
    } finally {
      await vpp.close();
    }
  }

  async start(logger: Logger = silentLogger): Promise<void> {
    const connectVpp = (signal: AbortSignal) => this.connectVpp(signal);
    const random = () => 0.5;
    const self = { pid: process.pid, node: this.name };
    const lock = createVppLock({ apiSocket: this.vpp.socketPath, self, clock: systemClock });
    const dependencies = { store: this.#store, connectVpp, lock, clock: systemClock, logger, random };
    this.agent = createAgent(this.config(), dependencies);
    await this.agent.start();
  }

  async stop(): Promise<void> {
    await this.agent?.stop();
    this.agent = null;
  }

  /** Stops the agent and starts it with other options; VPP's writes are counted from there. */
  async restart(more: Record<string, unknown>): Promise<void> {
    await this.stop();
    this.more = more;
    this.vpp.resetWrites();
    await this.start();
  }

  async wantService(record: NodeTapService): Promise<number> {
    return this.bench.put(keys.nodeResource(this.name, 'tap_services', record.id), nodeTapServiceCodec.format(record));
  }

  async wantFlow(record: NodeTapFlow): Promise<number> {
    return this.bench.put(keys.nodeResource(this.name, 'tap_flows', record.id), nodeTapFlowCodec.format(record));
  }

  async forget(kind: ResourceKind, id: string): Promise<void> {
    const key = keys.nodeResource(this.name, kind, id);
    await this.bench.store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
  }

  async state(kind: ResourceKind, id: string): Promise<TapState | undefined> {
    const key = keys.stateResource(this.name, kind, id);
    const entry = await this.bench.store.get(key);
    return entry && tapStateCodec.parse(key, entry.value);
  }

  /** Resolves with the state once it is about `revision` or a later one and fits; fails with what it is instead. */
  async until(
    kind: ResourceKind,
    id: string,
    revision: number,
    status: TapState['status'],
    reason = /.*/,
  ): Promise<TapState> {
    return this.bench.until(
      async () => {
        const state = await this.state(kind, id);
        const fits = state && state.revision >= revision && state.status === status && reason.test(state.reason);
        return fits ? state : undefined;
      },
      async () => `${kind}/${id}: ${JSON.stringify(await this.state(kind, id))}, not ${status} ${reason}`,
    );
  }
}

/** Nodes, their uplinks joined, and the store. */
export class Bench {
  readonly store = createEmbeddedStore({ clock: systemClock });
  readonly nodes: BenchNode[] = [];

  private constructor(private readonly directory: string) {}

  static async create(): Promise<Bench> {
    return new Bench(await mkdtemp(join(tmpdir(), 'taas-agent-')));
  }

  /** @param release of the VPP; default: the newest */
  async addNode(name: string, more: Record<string, unknown> = {}, release?: Release): Promise<BenchNode> {
    const socketPath = join(this.directory, `${name}.sock`);
    const vpp = await createSimulator({ socketPath, name, ...(release ? { release } : {}) });
    const apiFolder = join(this.directory, `api-${name}`);
    await mkdir(apiFolder);
    for (const { name: file, text } of release ? vpp.apiFiles() : []) await writeFile(join(apiFolder, file), text);
    const uplink = vpp.addUplink({ name: `uplink-${name}`, tag: 'net-vpp.physnet:phys1' });
    const node = new BenchNode(name, vpp, uplink, this, more, apiFolder);
    this.nodes.push(node);
    return node;
  }

  join(a: BenchNode, b: BenchNode): void {
    joinUplinks(a.uplink, b.uplink);
  }

  async put(key: string, value: string): Promise<number> {
    return (await this.store.transact({ compare: [], operations: [{ kind: 'put', key, value }] })).revision;
  }

  async until<T>(look: () => Promise<T | undefined> | T | undefined, what: () => Promise<string> | string): Promise<T> {
    const deadline = performance.now() + 5000;
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (performance.now() > deadline) throw new Error(await what());
      await systemClock.sleep(2);
    }
  }

  async close(): Promise<void> {
    for (const node of this.nodes) await node.stop();
    for (const node of this.nodes) await node.vpp.stop();
    await this.store.close();
    await rm(this.directory, { recursive: true, force: true });
  }
}
