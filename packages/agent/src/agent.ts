import {
  type AgentRecord,
  asLine,
  captureCapability,
  heartbeatCapability,
  type NodesReport,
  ownMatters,
  receiptCapability,
  recordFormat,
  reportNodes,
  statisticsCapability,
} from '@taas/model';
import {
  type Clock,
  type ConfigWatch,
  type FileWatch,
  type Health,
  type HealthServer,
  type Logger,
  type Metrics,
  startHealthServer,
} from '@taas/service';
import type { Store, Trust } from '@taas/store';
import { createSnapshot } from '@taas/wiring';
import { exposeAgent } from './agent-metrics.js';
import type { AgentConfig } from './config.js';
import { Contained, type EndsPass } from './contained.js';
import type { Counters } from './counters.js';
import { StandBy } from './lock/stand-by.js';
import type { VppLock } from './lock/vpp-lock.js';
import { agentFacts } from './presence/agent-facts.js';
import { type PhysnetsFound, physnetsFound } from './presence/physnets.js';
import { Presence } from './presence/presence.js';
import { BudgetKeeper } from './probes/budget-keeper.js';
import { configuredUplinks } from './reconcile/node-facts.js';
import { Reconciler } from './reconcile/reconciler.js';
import { RetrySchedule } from './reconcile/retry-schedule.js';
import { StateReporter } from './report/state-reporter.js';
import { type StateEntry, StateWriter } from './report/state-writer.js';
import { Answers } from './statistics/answers.js';
import { CounterSource } from './statistics/counter-source.js';
import { Counting } from './statistics/counting.js';
import { endingTaps, isEnding } from './statistics/ending-taps.js';
import type { StateFile } from './statistics/state-file.js';
import { tapMetricsText } from './tap-metrics.js';
import { abilitiesOf } from './vpp/abilities.js';
import { keepVppLink, type VppLinkListener } from './vpp/vpp-link.js';
import type { Vpp } from './vpp/vpp-messages.js';
import { splitTapName, type TapName, tapName } from './wanted/tap-ids.js';
import { WantedFollower } from './wanted/wanted-follower.js';

export const agentVersion = '0.1.0';

export interface AgentDependencies {
  readonly store: Store;
  /** Whom to believe, where `store` is its; without it, whatever stands there. Kept by whoever made it. */
  readonly trust?: Trust;
  readonly connectVpp: (signal: AbortSignal) => Promise<Vpp>;
  /** Held as long as the agent works: neither VPP nor the store is touched without it. */
  readonly lock: VppLock;
  /** What is known of the files that the options name, for /readyz. */
  readonly files?: AgentFiles;
  /** What GET /metrics on the health port shows; without it, nothing is there. */
  readonly metrics?: Metrics;
  /** Where figures survive a restart; without it, they begin anew. */
  readonly statisticsFile?: StateFile;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** A seam for tests, see {@link Contained}: which errors end a reconcile pass. */
  readonly endsPass?: EndsPass;
}

export interface AgentFiles {
  readonly watch: FileWatch;
  readonly config: ConfigWatch;
}

export interface Agent {
  /**
   * Starts and resolves when the health port is open; the rest goes on in the background: standing by as long as another
   * agent works on this VPP, and then the work.
   * @throws Error when the health port is taken
   */
  start(): Promise<void>;
  /** Finishes the round in progress and stops. VPP stays as it is, and the agent's lease is left to run out. */
  stop(): Promise<void>;
  /** Aborts if the agent cannot go on, with the reason. */
  readonly failed: AbortSignal;
  readonly counters: Readonly<Counters>;
  /** Where /healthz, /readyz and /metrics are answered, once started. */
  readonly healthPort: number | null;
}

/** Puts the agent's parts together. Nothing runs before `start`. */
export function createAgent(config: AgentConfig, dependencies: AgentDependencies): Agent {
  return new TaasAgent(config, dependencies);
}

const reconnecting = { firstMs: 50, maxMs: 2000 };
/** How long a stop waits for the round in progress: a VPP that hangs must not keep the program from ending. */
const passPatienceMs = 2000;
const storing = { firstMs: 50, maxMs: 5000 };

class TaasAgent implements Agent {
  readonly counters: Counters = { plans: 0, steps: 0, undone: 0, failures: 0 };
  readonly #stop = new AbortController();
  /** Ends the connection to VPP: later than the rest, so that a round in progress is not cut off between two steps. */
  readonly #unplug = new AbortController();
  readonly #failed = new AbortController();
  readonly #standBy: StandBy;
  readonly #wanted: WantedFollower;
  readonly #presence: Presence;
  readonly #reporter: StateReporter;
  readonly #reconciler: Reconciler;
  readonly #source: CounterSource;
  readonly #counting: Counting;
  readonly #answers: Answers;
  #vppVersion: string | null = null;
  /** What VPP can do, as far as it is known: a restart of VPP takes nothing from what was said of it. */
  #abilities: readonly string[] = [];
  /** Why VPP was refused, where it answers and lacks what the agent needs. */
  #vppLacks: string | null = null;
  #health: HealthServer | null = null;
  #turn: Promise<void> = Promise.resolve();
  #tasks: Promise<void>[] = [];
  #rounds: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: AgentConfig,
    private readonly dependencies: AgentDependencies,
  ) {
    const { store, lock, clock, logger, random } = dependencies;
    const { node, intervals } = config;
    const common = { clock, logger, random };
    this.#standBy = new StandBy({ lock, clock, logger, fields: { node, api_socket: config.vpp.api_socket } });
    const contained = new Contained({ logger, counters: this.counters, ends: dependencies.endsPass });
    const budget = new BudgetKeeper(config.budget, logger, contained);
    this.#wanted = new WantedFollower(store, node, logger, {
      changed: (ids) => {
        this.#answers.recordsChanged();
        this.#reconciler.queue.add(ids);
      },
      replaced: () => {
        this.#answers.recordsChanged();
        this.#reconciler.queue.addAll();
      },
      asked: (requests) => {
        this.#answers.asked(requests);
        // Counters may be due at once, where nobody had asked.
        this.#reconciler.queue.poke();
      },
    });
    const snapshot = createSnapshot();
    this.#source = new CounterSource({
      ...{ snapshot, clock, logger },
      ...{ procDirectory: config.vpp.procdir, statsSocket: config.vpp.stats_socket },
    });
    this.#counting = new Counting({
      ...{ source: this.#source, snapshot, wanted: this.#wanted, contained, clock, logger },
      file: dependencies.statisticsFile,
    });
    this.#answers = new Answers({
      store,
      node,
      counting: this.#counting,
      clock,
      logger,
      isEnding: (tap) => this.#isEnding(tap),
    });
    this.#presence = new Presence({ ...common, store, node, ttlSeconds: config.lease_ttl_s, backoff: storing });
    this.#reporter = new StateReporter({
      ...{ ...common, writer: new StateWriter(store, node), backoff: storing },
      told: (entry) => this.#counting.told(entry),
      beforeRemoved: (entries, signal) => this.#withLastFigures(entries, signal),
    });
    const backoff = { firstMs: intervals.retry_first_ms, maxMs: intervals.retry_max_ms };
    this.#reconciler = new Reconciler({
      config,
      budget,
      ...{ snapshot, source: this.#source, counting: this.#counting },
      wanted: this.#wanted,
      reporter: this.#reporter,
      retries: new RetrySchedule(backoff, random),
      clock,
      logger,
      counters: this.counters,
      contained,
      looked: () => this.#updatePresence(),
    });
    if (dependencies.metrics) this.#expose(dependencies.metrics);
  }

  #expose(metrics: Metrics): void {
    exposeAgent(metrics, () => {
      const { pending, connected } = this.#reconciler;
      return { counters: this.counters, pending, connected, source: this.#source };
    });
    if (this.config.metrics.per_tap) metrics.exposeText(() => tapMetricsText(this.#wanted.wanted, this.#counting));
    this.dependencies.trust?.expose(metrics);
  }

  /** Before all records are known it cannot be told: then it may be. */
  #isEnding(name: TapName): boolean {
    const { complete, wanted } = this.#wanted;
    return !complete || isEnding(splitTapName(name), wanted);
  }

  async #withLastFigures(removed: readonly StateEntry[], signal: AbortSignal): Promise<readonly StateEntry[]> {
    await this.#answers.last(this.#endingWith(removed), signal);
    return removed.map((entry) => {
      const figures = this.#answers.lastOf(entry);
      return figures ? { ...entry, figures } : entry;
    });
  }

  #endingWith(removed: readonly StateEntry[]) {
    const stands = (flow: string) => this.#counting.states.has(tapName('tap_flows', flow));
    return endingTaps(removed, this.#wanted.wanted, stands);
  }

  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  get healthPort(): number | null {
    return this.#health?.port ?? null;
  }

  async start(): Promise<void> {
    const { host, port } = this.config.health;
    const { metrics } = this.dependencies;
    this.#health = await startHealthServer(host, port, {
      healthz: () => this.#healthz(),
      readyz: () => this.#readyz(),
      ...(metrics ? { metrics } : {}),
    }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') throw cause;
      throw new Error(`${host}:${port} (option "health") is taken: is an agent running here already?`, { cause });
    });
    for (const warning of this.dependencies.trust?.warnings ?? []) this.dependencies.logger.warn({}, warning);
    this.#turn = this.#guarded(this.#takeTurn(this.#stop.signal));
  }

  /** A task that fails ends the agent. */
  #guarded(task: Promise<void>): Promise<void> {
    return task.catch((error: unknown) => this.#failed.abort(error));
  }

  /** Begins the work as soon as no other agent is at it. */
  async #takeTurn(signal: AbortSignal): Promise<void> {
    if (!(await this.#standBy.over(signal))) return;
    await this.#counting.load();
    // The record of before a restart holds until VPP has been read or is known not to answer.
    this.#rounds = this.#guarded(this.#reconciler.run(signal));
    this.#tasks = [
      this.#wanted.follow(signal),
      this.#presence.keep(signal),
      this.#reporter.keep(signal),
      this.#answers.keep(signal),
      this.dependencies.trust?.keepSigned([], signal) ?? Promise.resolve(),
      this.#keepVpp(this.#unplug.signal),
    ].map((task) => this.#guarded(task));
    this.dependencies.logger.info({ node: this.config.node, health: this.healthPort }, 'taas-agent started');
  }

  async stop(): Promise<void> {
    const reason = new Error('the agent was stopped');
    this.#stop.abort(reason);
    await this.#turn;
    const patience = new AbortController();
    const enough = this.dependencies.clock.sleep(passPatienceMs, patience.signal).catch(() => undefined);
    await Promise.race([this.#rounds, enough]);
    patience.abort(reason);
    this.#unplug.abort(reason);
    await Promise.all([this.#rounds, ...this.#tasks]);
    await this.#counting.save();
    this.#source.detach();
    await this.#health?.close();
    this.#health = null;
    await this.dependencies.lock.release();
    this.dependencies.logger.info({ ...this.counters }, 'taas-agent stopped');
  }

  #keepVpp(signal: AbortSignal): Promise<void> {
    const { connectVpp: connect, clock, logger, random } = this.dependencies;
    const listener: VppLinkListener = {
      connected: (vpp: Vpp) => {
        // Said when VPP has been looked at: a record without physnets, even for a moment, would take taps apart.
        this.#vppVersion = vpp.version.version;
        this.#vppLacks = null;
        this.#abilities = abilitiesOf(vpp);
        this.#reconciler.attach(vpp);
      },
      disconnected: (_, lacks) => {
        this.#vppVersion = null;
        this.#vppLacks = lacks;
        this.#reconciler.detach();
        this.#updatePresence();
      },
    };
    return keepVppLink({ connect, clock, logger, random, backoff: reconnecting }, listener, signal);
  }

  #updatePresence(): void {
    this.#presence.update(this.#record());
  }

  #record(): AgentRecord {
    return {
      v: 1,
      node: this.config.node,
      agent_version: agentVersion,
      vpp_version: this.#vppVersion === null ? null : asLine(this.#vppVersion, 128),
      tunnel_address: this.config.tunnel_address ?? null,
      ...this.#physnets(),
      capabilities: [
        ...this.#abilities,
        heartbeatCapability,
        statisticsCapability,
        captureCapability,
        receiptCapability,
      ],
      facts: agentFacts({
        config: this.config,
        actual: this.#vppVersion === null ? null : this.#reconciler.snapshot,
        facts: { uplinks: configuredUplinks(this.config) },
        counters: this.#source.lasting,
        vppLacks: this.#vppLacks,
        certificates: this.dependencies.files?.watch.certificates ?? [],
      }),
      reads: recordFormat,
    };
  }

  /** What this node's own record tells, for who asks the agent and not the server. */
  #nodes(): NodesReport {
    const onlooker = { now: this.dependencies.clock.now(), version: agentVersion, aheadMs: null, portMtu: null };
    return reportNodes([this.#record()], () => onlooker, ownMatters);
  }

  #physnets(): PhysnetsFound {
    if (this.#vppVersion === null) return { physnets: [], layer2_physnets: [] };
    return physnetsFound(this.config, this.#reconciler.snapshot, { uplinks: configuredUplinks(this.config) });
  }

  #healthz(): Health {
    return { ok: !this.#failed.signal.aborted, details: { ...this.counters } };
  }

  #readyz(): Health {
    const { complete, stale } = this.#wanted;
    const vpp = this.#reconciler.connected;
    const standing_by = this.#standBy.behind;
    const { files } = this.dependencies;
    const problem = this.#wanted.problem ?? this.#presence.problem;
    return {
      ok: vpp && complete && !stale,
      details: {
        ...{ vpp, store: complete && !stale, waiting: this.#reconciler.pending },
        ...(standing_by === null ? {} : { standing_by }),
        ...(problem === null ? {} : { store_problem: problem.message }),
        ...(files
          ? {
              files: {
                refused: files.watch.refused,
                restart_for: files.config.restartFor,
                certificates: files.watch.certificates,
              },
            }
          : {}),
        nodes: this.#nodes(),
        ...this.dependencies.trust?.facts(),
      },
    };
  }
}
