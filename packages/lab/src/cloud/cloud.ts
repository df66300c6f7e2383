import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@taas/store';
import type { EmbeddedStore, EtcdProcess } from '@taas/store/testing';
import { TaasClient } from '../api-client.js';
import type { LabPort, LabSwitch, PortOptions } from '../lab-switch.js';
import { type Answer, type AskOptions, ask } from './ask.js';
import { type Bindings, neutronBindings, recordBindings, v2Bindings } from './bindings.js';
import { type CloudOptions, contradiction } from './cloud-options.js';
import { type CloudStore, openCloudStore } from './cloud-store.js';
import { type Closers, startSwitches } from './switches.js';
import { startTokenOpenStack, type TokenOpenStack } from './token-openstack.js';
import { leaderOf, type Unit } from './unit.js';
import { agentUnit, serverUnit, type UnitPlace } from './units.js';
import { until } from './until.js';

/** A node of the lab: its switch and the TaaS agent beside it. */
export interface CloudNode {
  readonly name: string;
  readonly switch: LabSwitch;
  readonly agent: Unit;
}

/** A private cloud on this machine. It plays networking-vpp's and Neutron's part: ports, bindings, physnets. */
export class Cloud {
  readonly servers: Unit[] = [];
  /** Agents too many, of {@link startSecondAgent}. */
  readonly secondAgents: Unit[] = [];
  readonly #nodes = new Map<string, CloudNode>();

  private constructor(
    readonly options: CloudOptions,
    readonly directory: string,
    /** The lab's own connection. */
    readonly store: Store,
    readonly bindings: Bindings,
    private readonly parts: UnitPlace,
    /** Where `bindings` says neutron. */
    readonly openstack: TokenOpenStack | undefined,
    /** What ends each part, in the order in which they were started. */
    private readonly closers: Closers,
  ) {}

  /**
   * Starts everything and resolves when servers and agents are ready. What it started so far is stopped on failure.
   * @throws RangeError for choices that do not go together
   */
  static async start(options: CloudOptions): Promise<Cloud> {
    const wrong = contradiction(options);
    if (wrong !== null) throw new RangeError(wrong);
    const closers: Closers = [];
    try {
      const directory = options.directory ?? temporary(closers);
      mkdirSync(directory, { recursive: true });
      const shared = await openCloudStore(options);
      closers.push(() => shared.close());
      const store = shared.embedded ?? shared.connect();
      if (!shared.embedded) closers.push(() => store.close());
      const openstack = options.bindings === 'neutron' ? await startTokenOpenStack(options, directory) : undefined;
      if (openstack) closers.push(() => openstack.close());
      const switches = await startSwitches(options, directory, closers);
      const bindings = bindingsOf(options, store, shared, openstack);
      const parts = { options, directory, store: shared, openstack: openstack?.config };
      const cloud = new Cloud(options, directory, store, bindings, parts, openstack, closers);
      for (let n = 0; n < (options.servers ?? 1); n += 1) await cloud.#startServer(n);
      for (const [name, lab] of switches) await cloud.#startNode(name, lab);
      return cloud;
    } catch (error) {
      for (const close of closers.toReversed()) await close();
      throw error;
    }
  }

  get clock() {
    return this.options.clock;
  }

  /** Of the first server. */
  get url(): string {
    return this.server().url;
  }

  /** The private etcd. @throws Error if there is none */
  get etcd(): EtcdProcess {
    return known(this.parts.store.etcd, 'etcd of its own');
  }

  /** The embedded store, which can be taken away. @throws Error if it is not that */
  get embedded(): EmbeddedStore {
    return known(this.parts.store.embedded, 'embedded store');
  }

  server(n = 0): Unit {
    return known(this.servers[n], `server ${n}`);
  }

  get nodes(): readonly CloudNode[] {
    return [...this.#nodes.values()];
  }

  node(name: string): CloudNode {
    return known(this.#nodes.get(name), `node ${name}`);
  }

  /** Servers and agents, but for agents too many. */
  get units(): readonly Unit[] {
    return [...this.servers, ...this.nodes.map(({ agent }) => agent)];
  }

  client(project: string, server = 0): TaasClient {
    const token = this.openstack ? { 'x-auth-token': `tok-${project}-member` } : undefined;
    return new TaasClient(this.server(server).url, project, this.clock, token);
  }

  /** A request as somebody of a project, with whatever body, in development authentication. */
  ask(method: string, path: string, more: AskOptions = {}): Promise<Answer> {
    return ask(this.server(more.server).url, method, path, more);
  }

  /** Which server leads, by its own word. */
  leader(timeoutMs?: number): Promise<number | undefined> {
    return leaderOf(this.servers, timeoutMs);
  }

  /** Makes a VM's port on a node and binds it, as Neutron and networking-vpp would. */
  async addPort(node: string, port: PortOptions, project?: string): Promise<LabPort> {
    const made = await this.node(node).switch.addPort(port);
    await this.bindings.bind(node, port.id, project);
    return made;
  }

  /** Deletes a VM's port: its binding, and its interface. */
  async removePort(node: string, port: LabPort): Promise<void> {
    await this.bindings.unbind(node, port.id);
    await this.node(node).switch.removePort(port);
  }

  /** @returns the revision of etcd with the change in it */
  async put(key: string, value: string): Promise<number> {
    return (await this.store.transact({ compare: [], operations: [{ kind: 'put', key, value }] })).revision;
  }

  async delete(key: string): Promise<void> {
    await this.store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
  }

  /** How many requests have changed each node's switch, where it can tell. */
  writes(): readonly (number | undefined)[] {
    return this.nodes.map(({ switch: lab }) => lab.writes());
  }

  /**
   * Looks until the condition holds.
   * @param timeoutMs default: 8 s in this process, 15 s for programs
   * @throws Error saying what never came true, with what `detail` says of it
   */
  until(what: string, condition: () => Promise<boolean>, timeoutMs?: number, detail?: () => unknown): Promise<void> {
    const usual = this.options.process === 'programs' ? programPace : objectPace;
    const given = { ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(detail === undefined ? {} : { detail }) };
    return until(this.clock, what, condition, { ...usual, ...given });
  }

  /**
   * Starts one agent too many: the same but for its health port.
   * @returns it, when it answers; it is not ready
   */
  async startSecondAgent(node: string, name = `second-${node}`): Promise<Unit> {
    const unit = await this.#agentUnit(node, this.node(node).switch, name);
    this.secondAgents.push(unit);
    await unit.start(false);
    return unit;
  }

  async stop(): Promise<void> {
    // Its clients wait for it otherwise.
    this.parts.store.embedded?.start();
    for (const agent of this.secondAgents) await agent.stop('kill');
    for (const close of this.closers.toReversed()) await close();
  }

  async #startServer(n: number): Promise<void> {
    const unit = await serverUnit(this.parts, n);
    this.servers.push(unit);
    await this.#start(unit);
  }

  async #startNode(name: string, lab: LabSwitch): Promise<void> {
    const unit = await this.#agentUnit(name, lab);
    this.#nodes.set(name, { name, switch: lab, agent: unit });
    await this.#start(unit);
  }

  async #start(unit: Unit): Promise<void> {
    this.closers.push(() => unit.stop('kill'));
    await unit.start();
  }

  async #agentUnit(node: string, lab: LabSwitch, name?: string): Promise<Unit> {
    const apiSocket = (await this.options.seams?.switchSocket?.(node, lab.apiSocket)) ?? lab.apiSocket;
    const n = this.options.nodes.indexOf(node);
    const { apiFolders } = lab;
    return agentUnit(this.parts, { node, n, apiSocket, apiFolders, ...(name === undefined ? {} : { name }) });
  }
}

const objectPace = { timeoutMs: 8_000, everyMs: 5 };
const programPace = { timeoutMs: 15_000, everyMs: 20 };

function temporary(closers: Closers): string {
  const directory = mkdtempSync(join(tmpdir(), 'taas-cloud-'));
  closers.push(async () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function bindingsOf(
  { bindings }: CloudOptions,
  store: Store,
  { endpoints }: CloudStore,
  openstack: TokenOpenStack | undefined,
): Bindings {
  if (openstack) return neutronBindings(openstack.ports);
  return bindings === 'etcd-v2' ? v2Bindings(known(endpoints[0], 'etcd for its v2 API')) : recordBindings(store);
}

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what} in this cloud`);
  return value;
}
