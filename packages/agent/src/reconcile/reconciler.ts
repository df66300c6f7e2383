import type { Clock, Logger } from '@taas/service';
import type { NodeFacts, VppSnapshot } from '@taas/wiring';
import type { AgentConfig } from '../config.js';
import type { Contained } from '../contained.js';
import type { Counters } from '../counters.js';
import { Uplinks } from '../presence/uplinks.js';
import type { BudgetKeeper } from '../probes/budget-keeper.js';
import { CopyWatch } from '../probes/copy-watch.js';
import { ProbeSchedule } from '../probes/probe-schedule.js';
import { createProbes, type Probes } from '../probes/probes.js';
import type { StateReporter } from '../report/state-reporter.js';
import type { CounterSource } from '../statistics/counter-source.js';
import type { Counting } from '../statistics/counting.js';
import { movedOf } from '../statistics/reading.js';
import type { Vpp } from '../vpp/vpp-messages.js';
import { VppSession } from '../vpp/vpp-session.js';
import { PendingTaps } from '../wanted/pending-taps.js';
import { isEmpty, tapName } from '../wanted/tap-ids.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import { DirtyTaps } from './dirty-taps.js';
import { FeatureBitsKnown } from './feature-bits-known.js';
import { configuredUplinks, nodeFacts } from './node-facts.js';
import { ReconcilePass } from './reconcile-pass.js';
import type { RetrySchedule } from './retry-schedule.js';
import { WorkQueue } from './work-queue.js';

export interface ReconcilerOptions {
  readonly config: AgentConfig;
  readonly budget: BudgetKeeper;
  readonly wanted: WantedFollower;
  readonly reporter: StateReporter;
  readonly retries: RetrySchedule;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly contained: Contained;
  readonly snapshot: VppSnapshot;
  readonly source: CounterSource;
  readonly counting: Counting;
  /** Called whenever VPP's interfaces have been read, and how the uplinks stand. */
  readonly looked: () => void;
}

/**
 * The loop. Taps become dirty when their records change, by VPP's events, by the probes and for a retry; a pass observes VPP,
 * plans, applies the plan, verifies and reports. One pass at a time; what happens during a pass is for the next one.
 */
export class Reconciler {
  readonly snapshot: VppSnapshot;
  readonly queue = new WorkQueue();
  readonly #pending = new PendingTaps();
  readonly #copies: CopyWatch;
  readonly #uplinks: Uplinks;
  readonly #dirty: DirtyTaps;
  readonly #probes: Probes;
  readonly #schedule: ProbeSchedule;
  readonly #reconcilePass: ReconcilePass;
  readonly #bits: FeatureBitsKnown;
  #session: VppSession | null = null;
  /** The connection failed or was lost; false at start, when it is only on its way and the states of before hold. */
  #lost = false;
  #registration: Disposable | null = null;

  constructor(private readonly options: ReconcilerOptions) {
    const { config, clock, logger, contained, looked, snapshot, counting } = options;
    this.snapshot = snapshot;
    const pending = this.#pending;
    const copies = new CopyWatch(snapshot, logger, contained, clock, async (vpp, interfaces) => {
      const reading = await options.source.read(vpp, { interfaces, policers: false });
      return movedOf(reading, interfaces);
    });
    const uplinks = new Uplinks(config, snapshot, { uplinks: configuredUplinks(config) }, looked);
    this.#copies = copies;
    this.#uplinks = uplinks;
    this.#bits = new FeatureBitsKnown(config.intervals, logger);
    const isJudged = () => this.#bits.isKnown;
    this.#probes = createProbes({
      ...options,
      intervals: config.intervals,
      snapshot,
      copies,
      pending,
      uplinks,
      isJudged,
    });
    this.#schedule = new ProbeSchedule(Object.values(this.#probes), clock, contained);
    this.#dirty = new DirtyTaps({
      ...options,
      ...{ snapshot, uplinks, probes: this.#probes, schedule: this.#schedule },
    });
    this.#reconcilePass = new ReconcilePass({
      ...options,
      ...{ pending, snapshot },
      asked: () => this.queue.waiting,
      count: (session) => counting.countAtPlan(session),
      countsAsActive: (kind, id) => counting.states.get(tapName(kind, id)) === 'ACTIVE',
      doubt: () => this.queue.addAll(),
    });
  }

  get connected(): boolean {
    return this.#session !== null;
  }

  get pending(): number {
    return this.#pending.size;
  }

  attach(vpp: Vpp): void {
    const { config, logger, contained } = this.options;
    for (const probe of Object.values(this.#probes)) probe.attach?.(vpp);
    this.#session = new VppSession({
      vpp,
      contained,
      snapshot: this.snapshot,
      parallel: config.vpp.parallel,
      uplinks: configuredUplinks(config),
      bridgeDomains: [config.bridge_domains.first, config.bridge_domains.last],
      poke: () => this.queue.poke(),
      problem: (error) => {
        logger.error({ cause: error.message }, 'a mirror of a deleted interface could not be switched off');
        this.queue.addAll();
      },
    });
    this.#bits.attach();
    this.#registration = null;
    this.#lost = false;
    this.queue.addAll();
  }

  detach(): void {
    this.#session = null;
    this.options.source.detach();
    this.#lost = true;
    this.queue.addAll();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger, counters } = this.options;
    while (!signal.aborted) {
      await this.#idle(signal);
      if (signal.aborted) return;
      const session = this.#session;
      try {
        if (session) await this.#pass(session);
        else if (this.#lost) this.#reportDisconnected();
      } catch (error) {
        counters.failures++;
        logger.warn({ cause: messageOf(error) }, 'a reconcile pass was not finished');
        // With the connection lost the link says when to go on; anything else is tried again soon.
        this.queue.addAll();
        if (this.#session === session)
          await clock.sleep(this.options.config.intervals.retry_first_ms, signal).catch(() => undefined);
      }
    }
  }

  /** Waits for something dirty, but no longer than until the next retry or probe. */
  async #idle(signal: AbortSignal): Promise<void> {
    const { clock, retries, wanted } = this.options;
    const timer = new AbortController();
    let timed: Promise<void> | undefined;
    if (this.#session && wanted.complete) {
      const now = clock.monotonic();
      const probe = this.#schedule.untilNext(now);
      timed = clock.sleep(Math.min(probe, retries.next(now) ?? probe), timer.signal).then(
        () => this.queue.poke(),
        () => undefined,
      );
    }
    await this.queue.wait(signal);
    timer.abort();
    await timed;
  }

  async #pass(session: VppSession): Promise<void> {
    const { wanted, clock } = this.options;
    const { resync, drift, ports } = this.#probes;
    if (!wanted.complete) return;
    if (!(await this.#canJudge(session))) return;
    this.#registration ??= await session.watch.start();
    const work = this.queue.take();
    if (work.whole || this.#schedule.isDue(resync, clock.monotonic())) {
      await session.watch.catchUp();
      await this.#schedule.run(resync, session);
      this.#schedule.seen(ports);
      await this.#reconcilePass.all(session, this.#facts(session), work);
      for (const probe of [resync, drift]) this.#schedule.seen(probe);
      await this.#uplinks.look(session.reader);
      return;
    }
    const { taps, asked } = await this.#dirty.gather(session, work.ids);
    if (!isEmpty(taps)) await this.#reconcilePass.some(session, this.#facts(session), taps, { ...work, ids: asked });
  }

  async #canJudge(session: VppSession): Promise<boolean> {
    const known = await this.#bits.check(session, this.options.clock.monotonic());
    if (known.is === 'anew') this.queue.addAll();
    if (!('reason' in known)) return true;
    // What the others see means nothing. The node is there, and its uplinks.
    const { uplinks, ...others } = this.#probes;
    for (const probe of Object.values(others)) this.#schedule.seen(probe);
    if (this.#schedule.isDue(uplinks, this.options.clock.monotonic())) await this.#schedule.run(uplinks, session);
    this.queue.take();
    this.#reconcilePass.reportUnjudged(known.reason);
    return false;
  }

  #facts({ vpp }: VppSession): NodeFacts {
    const { config, budget } = this.options;
    return nodeFacts(config, budget, this.#copies.noCopies, vpp.version.version);
  }

  #reportDisconnected(): void {
    if (!this.options.wanted.complete) return;
    this.queue.take();
    this.#reconcilePass.reportDisconnected();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
