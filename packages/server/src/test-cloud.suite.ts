import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import {
  type AgentRecord,
  agentCodec,
  keys,
  parseKey,
  prefixes,
  root,
  type TapState,
  tapStateCodec,
} from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import type { FollowEvent, KeyValue, Store } from '@taas/store';
import { createEmbeddedStore, type EmbeddedStore } from '@taas/store/testing';
import type { FastifyInstance } from 'fastify';
import {
  type RemoteAddressPolicy,
  remoteAddressPolicy,
  usualRemoteAddresses,
} from './addresses/remote-address-policy.js';
import type { AnswerBody } from './answer-body.suite.js';
import { developmentAuthenticator } from './auth/development.js';
import { Compiler } from './compiler/compiler.js';
import type { SegmentPolicy } from './compiler/segment-options.js';
import type { Slices } from './slices/slices.js';
import { createTestApi, type TestApiOptions } from './test-api.suite.js';
import type { OwnersKnown } from './view/cluster-view.js';
import { LiveView } from './view/live-view.js';
import type { PlacesFrom } from './view/port-places.js';

export const acme = 'acme';
export const umbrella = 'umbrella';

/** A port's id that says which one it is. */
export const portId = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export const defaultPolicy: SegmentPolicy = {
  options: [
    { type: 'vlan', physnet: 'physnet1', first: 3900, last: 3999, exclusive: true },
    { type: 'vxlan', first: 70_000, last: 70_099 },
  ],
  projectShare: 0.5,
};

export interface Reply {
  readonly status: number;
  readonly body: AnswerBody;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** What a server of a test has otherwise than others. */
export type ReplicaOptions = Partial<Omit<TestApiOptions, 'store' | 'live' | 'policy' | 'newId'>> & {
  readonly placesFrom?: PlacesFrom;
  readonly owners?: OwnersKnown;
};

/** One server: its view and its API, without sockets. */
export class Replica {
  readonly live: LiveView;
  readonly remoteAddresses: RemoteAddressPolicy;
  readonly api: FastifyInstance;
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  constructor(
    readonly store: Store,
    readonly policy: SegmentPolicy,
    options: ReplicaOptions = {},
  ) {
    const { logger = silentLogger, placesFrom, owners, ...given } = options;
    this.remoteAddresses = given.remoteAddresses ?? remoteAddressPolicy(usualRemoteAddresses);
    this.live = new LiveView(store, systemClock, logger, placesFrom, owners);
    this.#following = this.live.run(this.#stop.signal);
    this.api = createTestApi({
      store,
      live: this.live,
      authenticator: developmentAuthenticator('127.0.0.1', 'Keystone uri="http://127.0.0.1:5000"'),
      policy,
      logger,
      clock: systemClock,
      newId: randomUUID,
      ...given,
      remoteAddresses: this.remoteAddresses,
    });
  }

  async request(
    method: string,
    url: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = { 'x-project-id': acme },
  ): Promise<Reply> {
    const payload = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const reply = await this.api.inject({
      method: method as 'GET',
      url,
      headers,
      ...(body === undefined ? {} : { payload }),
    });
    return {
      status: reply.statusCode,
      body: reply.body === '' ? null : JSON.parse(reply.body),
      headers: reply.headers,
    };
  }

  as(project: string, roles = 'member'): (method: string, url: string, body?: unknown) => Promise<Reply> {
    return (method, url, body) => this.request(method, url, body, { 'x-project-id': project, 'x-roles': roles });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
    await this.api.close();
  }
}

/** A store whose followers can be held up, so that a server looks at the past; its calls are as before. */
export class LaggingStore implements Store {
  /** How many transactions were tried. */
  transactions = 0;
  /** How many keys were asked for. */
  gets = 0;
  #open: Promise<void> = Promise.resolve();
  #release: () => void = () => undefined;

  constructor(private readonly store: Store) {}

  holdUp(): void {
    this.#open = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  letGo(): void {
    this.#release();
  }

  async *follow(followed: readonly string[], signal: AbortSignal): AsyncIterable<FollowEvent> {
    for await (const event of this.store.follow(followed, signal)) {
      await this.#open;
      yield event;
    }
  }

  get: Store['get'] = (...args) => {
    this.gets += 1;
    return this.store.get(...args);
  };
  list: Store['list'] = (...args) => this.store.list(...args);
  transact: Store['transact'] = (...args) => {
    this.transactions += 1;
    return this.store.transact(...args);
  };
  lease: Store['lease'] = (...args) => this.store.lease(...args);
  close: Store['close'] = () => this.store.close();
}

/** The same store, but each call takes its time, before and after: servers overtake one another. */
export function jittery(store: Store, random: () => number): Store {
  const wait = () => systemClock.sleep(random() * 4);
  return {
    get: async (...args) => {
      await wait();
      return store.get(...args);
    },
    list: (...args) => store.list(...args),
    transact: async (...args) => {
      await wait();
      const result = await store.transact(...args);
      await wait();
      return result;
    },
    async *follow(followed, signal) {
      for await (const event of store.follow(followed, signal)) {
        await wait();
        yield event;
      }
    },
    lease: (...args) => store.lease(...args),
    close: () => store.close(),
  };
}

/** An embedded etcd with servers on it and hands to play networking-vpp and the agents. */
export class TestCloud {
  readonly store: EmbeddedStore = createEmbeddedStore({ clock: systemClock });
  readonly #replicas: Replica[] = [];
  /** What agents say of the last figures of a tap that is REMOVED. */
  figures: TapState['figures'] = 'none';
  #term:
    | {
        readonly stop: AbortController;
        readonly done: Promise<void>;
        readonly compiler: Compiler;
        readonly live: LiveView;
      }
    | undefined;

  constructor(readonly policy: SegmentPolicy = defaultPolicy) {}

  async replica({ store, ...options }: ReplicaOptions & { readonly store?: Store } = {}): Promise<Replica> {
    const replica = new Replica(store ?? this.store.client(), this.policy, options);
    this.#replicas.push(replica);
    await this.caughtUp();
    return replica;
  }

  /** Makes a replica's compiler the leader. */
  async lead(replica: Replica, store: Store = replica.store, slices?: Slices): Promise<Compiler> {
    await this.#endTerm();
    const { revision } = await this.put(keys.leader, '{}');
    const { live, policy, remoteAddresses } = replica;
    const compiler = new Compiler({
      ...{ store, live, policy, remoteAddresses, clock: systemClock, logger: silentLogger },
      random: () => 0,
      ...(slices ? { slices } : {}),
    });
    const stop = new AbortController();
    // As of a leadership: each worker listens to it.
    setMaxListeners(0, stop.signal);
    const fence = { kind: 'mod-revision', key: keys.leader, revision } as const;
    this.#term = { stop, compiler, live, done: compiler.lead({ signal: stop.signal, fence }) };
    return compiler;
  }

  /** Waits until the compiler has nothing left to do about what stands in etcd now. */
  async settle(): Promise<void> {
    const signal = AbortSignal.timeout(10_000);
    for (;;) {
      const revision = await this.#mark();
      await this.caughtUp();
      await this.#term?.live.reached(revision, 5_000);
      await this.#term?.compiler.idle(signal);
      // What waits out a back-off is not done either.
      while ((this.#term?.compiler.backlog ?? 0) > 0) await systemClock.sleep(1, signal);
      signal.throwIfAborted();
      const after = await this.store.list(`${root}/`);
      if (after.revision === revision) return;
    }
  }

  /** A revision of its own, later than all there were: deletions leave no key to tell theirs by. */
  async #mark(): Promise<number> {
    const key = `${prefixes.api}mark`;
    await this.put(key, '');
    const { revision } = await this.store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
    return revision;
  }

  /** Waits until every replica has seen the latest change under our root. */
  async caughtUp(): Promise<void> {
    const { entries } = await this.store.list(`${root}/`);
    const latest = entries.reduce((max, entry) => Math.max(max, entry.modRevision), 0);
    for (const { live } of this.#replicas) {
      await live.reached(latest, 5_000);
      const signal = AbortSignal.timeout(5_000);
      while (!live.fresh) {
        signal.throwIfAborted();
        await systemClock.sleep(1, signal);
      }
    }
  }

  async put(key: string, value: string): Promise<{ readonly revision: number }> {
    return this.store.transact({ compare: [], operations: [{ kind: 'put', key, value }] });
  }

  async delete(key: string): Promise<void> {
    await this.store.transact({ compare: [], operations: [{ kind: 'delete', key }] });
  }

  bind(node: string, port: string, project?: string): Promise<unknown> {
    const value = { mac_address: 'fa:16:3e:00:00:01', physnet: 'physnet1', network_type: 'vlan', segmentation_id: 7 };
    return this.put(
      keys.boundPort(node, port),
      JSON.stringify({ ...value, ...(project === undefined ? {} : { project_id: project }) }),
    );
  }

  unbind(node: string, port: string): Promise<void> {
    return this.delete(keys.boundPort(node, port));
  }

  agent(node: string, facts: Partial<AgentRecord> = {}): Promise<unknown> {
    const record: AgentRecord = {
      ...{ v: 1, node, agent_version: '0', vpp_version: '26.06' },
      ...{
        tunnel_address: `10.0.0.${node.replace(/\D/g, '') || '1'}`,
        physnets: ['physnet1'],
        layer2_physnets: [],
        capabilities: [],
      },
      ...facts,
    };
    return this.put(keys.agent(node), agentCodec.format(record));
  }

  /** All that is under a prefix, by key, parsed. */
  async read(prefix: string): Promise<ReadonlyMap<string, { kv: KeyValue; json: Record<string, unknown> }>> {
    const { entries } = await this.store.list(prefix);
    return new Map(entries.map((kv) => [kv.key, { kv, json: JSON.parse(kv.value) }]));
  }

  async nodeRecords(): Promise<ReadonlyMap<string, { kv: KeyValue; json: Record<string, unknown> }>> {
    const all = await this.read(`${root}/nodes/`);
    return new Map([...all].filter(([key]) => parseKey(key).is === 'node-resource'));
  }

  /**
   * What an agent without trouble reports: tombstones confirmed, and all else as wanted if its port is there, as
   * networking-vpp's agent sees to while the port is bound there. @returns how many reports
   */
  async report(node: string): Promise<number> {
    let reports = 0;
    const bound = await this.read(keys.boundPort(node, ''));
    const recorded = await this.read(prefixes.portBindings);
    const isHere = (port: unknown) =>
      bound.has(keys.boundPort(node, `${port}`)) || recorded.get(keys.portBinding(`${port}`))?.json['node'] === node;
    for (const [key, { kv, json }] of await this.read(prefixes.nodeTaas(node))) {
      const parsed = parseKey(key);
      if (parsed.is !== 'node-resource') continue;
      const stateKey = keys.stateResource(node, parsed.kind, parsed.id);
      const here = isHere(json['port_id'] ?? json['source_port']);
      const status = json['removed'] === true ? 'REMOVED' : here ? 'ACTIVE' : 'PENDING';
      const reason = status === 'PENDING' ? 'the port is not on this node yet' : '';
      const told = { v: 1, id: parsed.id, revision: kv.modRevision, status, reason } as const;
      const state = tapStateCodec.format(
        status === 'REMOVED' && this.figures ? { ...told, figures: this.figures } : told,
      );
      if ((await this.store.get(stateKey))?.value === state) continue;
      await this.put(stateKey, state);
      reports += 1;
    }
    return reports;
  }

  /** Lets the compiler and the agents of some nodes answer each other until nothing changes. */
  async converge(nodes: readonly string[]): Promise<void> {
    for (let round = 0; round < 20; round++) {
      await this.settle();
      let reports = 0;
      for (const node of nodes) reports += await this.report(node);
      if (reports === 0) return;
    }
    throw new Error('compiler and agents do not come to rest');
  }

  /** Ends the compiler's leadership: etcd stays as it is. */
  standDown(): Promise<void> {
    return this.#endTerm();
  }

  async #endTerm(): Promise<void> {
    this.#term?.stop.abort();
    await this.#term?.done;
    this.#term = undefined;
  }

  async stop(): Promise<void> {
    await this.#endTerm();
    for (const replica of this.#replicas) await replica.stop();
    await this.store.close();
  }
}
