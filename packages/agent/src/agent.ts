import type { AgentRecord } from '@taas/model';
import { type Clock, type HealthServer, type Logger, type Metrics, startHealthServer } from '@taas/service';
import type { Store, Trust } from '@taas/store';
import { createSnapshot } from '@taas/wiring';
import { type AgentFiles, agentReadiness } from './agent-health.js';
import { exposeAgent } from './agent-metrics.js';
import type { AgentConfig } from './config.js';
import { Contained, type EndsPass } from './contained.js';
import type { Counters } from './counters.js';
import { StandBy } from './lock/stand-by.js';
import type { VppLock } from './lock/vpp-lock.js';
import { type KnownVpp, ownRecord } from './presence/own-record.js';
import { Presence } from './presence/presence.js';
import { BudgetKeeper } from './probes/budget-keeper.js';
import { configuredUplinks } from './reconcile/node-facts.js';
import { Reconciler } from './reconcile/reconciler.js';
import { RetrySchedule } from './reconcile/retry-schedule.js';
import { StateReporter } from './report/state-reporter.js';
import { StateWriter } from './report/state-writer.js';
import { Answers } from './statistics/answers.js';
import { CounterSource } from './statistics/counter-source.js';
import { Counting } from './statistics/counting.js';
import { mayBeEnding, withLastFigures } from './statistics/last-figures.js';
import type { StateFile } from './statistics/state-file.js';
import { TapMetricsText } from './tap-metrics.js';
import { abilitiesOf } from './vpp/abilities.js';
import { keepVppLink, type VppLinkListener } from './vpp/vpp-link.js';
import type { Vpp } from './vpp/vpp-messages.js';
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
  #vpp: KnownVpp = { version: null, abilities: [], lacks: null };
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
      snapshot,
      clock,
      logger,
      ...{ procDirectory: config.vpp.procdir, statsSocket: config.vpp.stats_socket },
    });
    this.#counting = new Counting({
      source: this.#source,
      snapshot,
      wanted: this.#wanted,
      contained,
      clock,
      logger,
      file: dependencies.statisticsFile,
    });
    this.#answers = new Answers({
      store,
      node,
      counting: this.#counting,
      clock,
      logger,
      isEnding: (tap) => mayBeEnding(this.#wanted, tap),
    });
    this.#presence = new Presence({ ...common, store, node, ttlSeconds: config.lease_ttl_s, backoff: storing });
    this.#reporter = new StateReporter({
      ...{ ...common, writer: new StateWriter(store, node, clock), backoff: storing },
      told: (entry) => this.#counting.told(entry),
      beforeRemoved: (entries, signal) =>
        withLastFigures({ wanted: this.#wanted, counting: this.#counting, answers: this.#answers }, entries, signal),
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
    const perTap = new TapMetricsText(this.#counting);
    if (this.config.metrics.per_tap) metrics.exposeText(() => perTap.text(this.#wanted.wanted));
    this.dependencies.trust?.expose(metrics);
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
      healthz: () => ({ ok: !this.#failed.signal.aborted, details: { ...this.counters } }),
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
        this.#vpp = { version: vpp.version.version, abilities: abilitiesOf(vpp), lacks: null };
        this.#reconciler.attach(vpp);
      },
      disconnected: (_, lacks) => {
        this.#vpp = { ...this.#vpp, version: null, lacks };
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
    return ownRecord({
      config: this.config,
      agentVersion,
      vpp: this.#vpp,
      actual: this.#reconciler.snapshot,
      uplinks: configuredUplinks(this.config),
      counters: this.#source.lasting,
      buffers: this.#source.buffers,
      certificates: this.dependencies.files?.watch.certificates ?? [],
    });
  }

  #readyz() {
    const { files, trust, clock } = this.dependencies;
    return agentReadiness({
      wanted: this.#wanted,
      reconciler: this.#reconciler,
      presence: this.#presence,
      standBy: this.#standBy,
      ...{ files, trust, record: this.#record(), now: clock.now() },
    });
  }
}
