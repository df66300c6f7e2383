import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Memory, memoryOf } from '@taas/lab';
import { type Clock, silentLogger } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import { type EtcdProcess, launchEtcdCluster } from '@taas/store/testing';
import { putAll } from '../laps/fake-nodes.js';
import { EtcdWatch } from './etcd-watch.js';
import { NodeGroups } from './nodes/node-groups.js';
import { type PlacedPort, type Population, population, type Size } from './population.js';
import { type Readiness, ScaleServer } from './scale-server.js';

export interface CloudPlan extends Size {
  readonly members: number;
  readonly processes: number;
  readonly leaseSeconds: number;
  readonly electionSeconds: number;
  readonly directory: string;
  readonly clock: Clock;
  /** A folder for profiles of the servers; empty: none. */
  readonly profile: string;
  say(line: string): void;
}

export interface EtcdFacts {
  readonly dbBytes: number;
  readonly keys: number;
  readonly watchers: number;
  readonly leases: number;
  /** Processor time since its start, in s. */
  readonly processor: number;
}

/** etcd, servers and nodes of a size, each in processes of their own; nothing but etcd runs at first. */
export class ScaleCloud {
  /** The index of the next free port, and of the next name. */
  #made = 0;

  private constructor(
    readonly plan: CloudPlan,
    readonly population: Population,
    readonly etcd: readonly EtcdProcess[],
    readonly store: Store,
    readonly watch: EtcdWatch,
    readonly nodes: NodeGroups,
    readonly servers: readonly ScaleServer[],
    private readonly stop_: AbortController,
  ) {}

  static async prepare(plan: CloudPlan): Promise<ScaleCloud> {
    const { clock, directory, members, electionSeconds, profile } = plan;
    const quotaBackendBytes = 4 * 1024 ** 3;
    const etcd = await launchEtcdCluster({ clock, members, dataDir: join(directory, 'etcd'), quotaBackendBytes });
    const endpoints = etcd.map(({ endpoint }) => endpoint);
    const store = createEtcdStore({ endpoints, clock, logger: silentLogger, random: Math.random });
    const all = population(plan);
    plan.say(`writing ${all.operations.length} records ...`);
    await putAll(store, all.operations);
    const stop = new AbortController();
    const watch = new EtcdWatch(endpoints, clock);
    const { revision } = await store.list('/networking-vpp/nothing/');
    // Ends with the cloud; it never throws.
    const watching = watch.run(revision, stop.signal);
    stop.signal.addEventListener('abort', () => void watching, { once: true });
    plan.say(`starting the processes of ${plan.nodes} nodes ...`);
    const nodes = await NodeGroups.start(endpoints, plan.nodes, plan);
    const place = { directory, endpoints, electionSeconds, profile };
    const servers = [
      await ScaleServer.place({ ...place, name: 'server-0' }),
      await ScaleServer.place({ ...place, name: 'server-1' }),
    ];
    return new ScaleCloud(plan, all, etcd, store, watch, nodes, servers, stop);
  }

  get clock(): Clock {
    return this.plan.clock;
  }

  server(n: number): ScaleServer {
    const server = this.servers[n];
    if (!server) throw new RangeError(`there is no server ${n}`);
    return server;
  }

  /** Which server leads, and what it says. */
  async leader(): Promise<{ readonly n: number; readonly facts: Readiness } | null> {
    for (const [n, server] of this.servers.entries()) {
      const facts = await server.readiness();
      if (facts?.role === 'leader') return { n, facts };
    }
    return null;
  }

  /** A port without taps, and a tap service of its project. */
  nextFree(): { readonly port: PlacedPort; readonly service: string; readonly name: string } {
    const { freePorts, services } = this.population;
    const n = this.#made++;
    const port = freePorts[n % freePorts.length];
    // Far apart, so that one service is not all that changes.
    const mates = services.filter(({ project }) => project === port?.project);
    const service = mates[Math.floor(n / 50) % Math.max(1, mates.length)];
    if (!port || !service) throw new RangeError('this cloud has no free port with a tap service of its project');
    return { port, service: service.id, name: `made-${n}` };
  }

  /**
   * Waits until the leader has nothing left to do and all taps stand.
   * @throws Error when that has not come after `timeoutMs`, with what there was
   */
  async settled(timeoutMs = 600_000): Promise<void> {
    const deadline = this.clock.monotonic() + timeoutMs;
    for (let quiet = 0; quiet < 3; ) {
      const leader = await this.leader();
      const { active, taps, ready } = await this.nodes.facts();
      const calm = leader?.facts.compiler.backlog === 0 && active === taps && taps >= this.watch.published;
      quiet = calm ? quiet + 1 : 0;
      if (this.clock.monotonic() > deadline)
        throw new Error(
          `not settled after ${timeoutMs} ms: ${JSON.stringify({ leader, active, taps, ready, told: this.watch.published })}`,
        );
      await this.clock.sleep(100);
    }
  }

  memory(server: ScaleServer): Memory {
    return memoryOf(server.pid);
  }

  /** Open files of a process of ours. */
  handles(pid: number | undefined): number {
    return readdirSync(`/proc/${pid}/fd`).length;
  }

  /** Of the first member that answers. */
  async etcdFacts(): Promise<EtcdFacts> {
    for (const { endpoint } of this.etcd) {
      const answer = await fetch(`${endpoint}/metrics`).catch(() => null);
      if (!answer?.ok) continue;
      const text = await answer.text();
      const value = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
      return {
        dbBytes: value('etcd_mvcc_db_total_size_in_bytes'),
        keys: value('etcd_debugging_mvcc_keys_total'),
        watchers: value('etcd_debugging_mvcc_watcher_total'),
        leases: value('etcd_debugging_lease_granted_total') - value('etcd_debugging_lease_revoked_total'),
        processor: value('process_cpu_seconds_total'),
      };
    }
    throw new Error('no member of etcd answers');
  }

  /** The member of etcd that leads the others. */
  async etcdLeader(): Promise<EtcdProcess> {
    for (const member of this.etcd) {
      const text = await fetch(`${member.endpoint}/metrics`).then((answer) => answer.text());
      if (/^etcd_server_is_leader 1$/m.test(text)) return member;
    }
    throw new Error('no member of etcd leads');
  }

  async stop(): Promise<void> {
    // Not killed: a profiler writes what it has when Node.js ends.
    for (const server of this.servers) await server.stop('SIGTERM');
    await this.nodes.stop();
    this.stop_.abort(new Error('the cloud stops'));
    await this.store.close();
    for (const member of this.etcd) await member.close();
  }
}
