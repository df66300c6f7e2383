import type { Clock, Logger } from '@taas/service';
import { createSnapshot, findPort, findUplink, type NodeFacts, physnetTagPrefix, uplinkIndices } from '@taas/wiring';
import { affectedTaps } from './affected-taps.js';
import type { BudgetKeeper } from './budget-keeper.js';
import type { AgentConfig } from './config.js';
import type { Contained } from './contained.js';
import { CopyWatch } from './copy-watch.js';
import type { Counters } from './counters.js';
import { type QuietChanges, QuietLook } from './liveness.js';
import { LookSchedule } from './look-schedule.js';
import { PendingTaps } from './pending-taps.js';
import { physnetNames } from './physnets.js';
import type { RetrySchedule } from './retry-schedule.js';
import { Round } from './round.js';
import type { StateReporter } from './state-reporter.js';
import { addTap, addTaps, type GatheredTaps, isEmpty, noTaps, type TapIds } from './tap-ids.js';
import { FeatureBitsError } from './vpp/feature-bits.js';
import type { Vpp } from './vpp/vpp-messages.js';
import { VppSession } from './vpp/vpp-session.js';
import type { WantedFollower } from './wanted-follower.js';
import { type Work, WorkQueue } from './work-queue.js';

export interface ReconcilerOptions {
  readonly config: AgentConfig;
  readonly facts: NodeFacts;
  readonly budget: BudgetKeeper;
  readonly wanted: WantedFollower;
  readonly reporter: StateReporter;
  readonly retries: RetrySchedule;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly contained: Contained;
  /** Called whenever VPP's interfaces have been read, and how the uplinks stand. */
  readonly looked: () => void;
}

/**
 * The loop: compares what is wanted with what VPP has, makes the difference good, reads back, and reports. One round at a
 * time; what happens during a round is looked at in the next.
 */
export class Reconciler {
  readonly snapshot = createSnapshot();
  readonly queue = new WorkQueue();
  readonly #waitingTaps = new PendingTaps();
  readonly #quiet: QuietLook;
  #quietFailed = false;
  readonly copies: CopyWatch;
  readonly #schedule: LookSchedule;
  readonly #taps: Round;
  #session: VppSession | null = null;
  /** The connection failed or was lost; false at start, when it is only on its way and the states of before hold. */
  #lost = false;
  #registration: Disposable | null = null;
  /** Why nothing of this VPP can be judged, and when to try again to find out how. */
  #unlearnt: { readonly reason: string; readonly again: number; readonly times: number } | null = null;

  constructor(private readonly options: ReconcilerOptions) {
    const { config, clock } = options;
    this.#schedule = new LookSchedule(config.intervals, clock);
    this.#quiet = new QuietLook(this.snapshot, options.contained);
    this.copies = new CopyWatch(this.snapshot, options.logger, options.contained);
    this.#taps = new Round({
      ...options,
      pending: this.#waitingTaps,
      snapshot: this.snapshot,
      now: () => clock.monotonic(),
      asked: () => this.queue.waiting,
      doubt: () => this.queue.addAll(),
    });
  }

  get connected(): boolean {
    return this.#session !== null;
  }

  get pending(): number {
    return this.#waitingTaps.size;
  }

  attach(vpp: Vpp): void {
    const { config, logger, budget, contained } = this.options;
    budget.attach(vpp);
    this.copies.attach();
    const problem = (error: Error) => {
      logger.error({ cause: error.message }, 'a mirror of a deleted interface could not be switched off');
      this.queue.addAll();
    };
    this.#session = new VppSession({
      vpp,
      snapshot: this.snapshot,
      parallel: config.vpp.parallel,
      uplinks: this.options.facts.uplinks,
      poke: () => this.queue.poke(),
      problem,
      contained,
      bridgeDomains: this.options.facts.bridgeDomains,
    });
    this.#unlearnt = null;
    this.#registration = null;
    this.#lost = false;
    this.queue.addAll();
  }

  detach(): void {
    this.#session = null;
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
        if (session) await this.#round(session);
        else if (this.#lost) this.#reportDisconnected();
      } catch (error) {
        counters.failures++;
        logger.warn({ cause: messageOf(error) }, 'a round was not finished');
        // With the connection lost the link says when to go on; anything else is tried again soon.
        this.queue.addAll();
        if (this.#session === session)
          await clock.sleep(this.options.config.intervals.retry_first_ms, signal).catch(() => undefined);
      }
    }
  }

  /** Waits for work, but no longer than until the next retry or look. */
  async #idle(signal: AbortSignal): Promise<void> {
    const { clock, retries, wanted } = this.options;
    const now = clock.monotonic();
    const timer = new AbortController();
    let timed: Promise<void> | undefined;
    if (this.#session && wanted.complete) {
      const look = this.#schedule.untilNext(now, this.#waiting, this.options.facts.policedKbps !== null);
      const wait = Math.min(look, retries.next(now) ?? look);
      timed = clock.sleep(wait, timer.signal).then(
        () => this.queue.poke(),
        () => undefined,
      );
    }
    await this.queue.wait(signal);
    timer.abort();
    await timed;
  }

  /** Something is missing that others make, and that VPP may not tell of when it comes: tags are set without an event. */
  get #waiting(): boolean {
    const { config, facts } = this.options;
    return (
      this.#waitingTaps.size > 0 || config.physnets.some(({ name }) => !findUplink(name, this.snapshot, facts).value)
    );
  }

  async #round(session: VppSession): Promise<void> {
    const { wanted, clock } = this.options;
    if (!wanted.complete) return;
    const now = clock.monotonic();
    if (!(await this.#canJudge(session, now))) return;
    this.#registration ??= await session.watch.start();
    const work = this.queue.take();
    if (work.whole || this.#schedule.everythingDue(now)) return this.#wholeRound(session, work);
    const asked = noTaps();
    addTaps(asked, work.ids);
    // What the budget decides is asked for, too: nobody undid it.
    addTaps(asked, affectedTaps(await this.#lookAtLoad(session, now), wanted.wanted));
    const ids = await this.#gather(session, asked, now);
    if (!isEmpty(ids)) await this.#taps.some(session, ids, { ...work, ids: asked });
  }

  /**
   * Whether it is known what this VPP's answers mean. As long as it is not, nothing is called ACTIVE and nothing is changed: a plan
   * made from what nobody can read would open what is to be shut.
   */
  async #canJudge(session: VppSession, now: number): Promise<boolean> {
    const { logger, config, looked } = this.options;
    if (this.#unlearnt === null || now >= this.#unlearnt.again) {
      try {
        await session.learn();
        if (this.#unlearnt !== null) this.queue.addAll();
        this.#unlearnt = null;
        return true;
      } catch (error) {
        if (!(error instanceof FeatureBitsError)) throw error;
        const reason = `this node's VPP ${session.vpp.version.version} cannot be judged: ${error.message}`;
        logger.error(
          { cause: error.message },
          'which bit of VPP is which feature cannot be found out; no tap is called ACTIVE',
        );
        const times = (this.#unlearnt?.times ?? 0) + 1;
        const { retry_first_ms: first, retry_max_ms: most } = config.intervals;
        this.#unlearnt = { reason, again: now + Math.min(most, first * 2 ** Math.min(times - 1, 20)), times };
        // The node is there, and its uplinks: as long as nobody can say whether they are in layer 2, they count as if they were.
        await session.reader.readInterfaces();
        looked();
      }
    }
    this.queue.take();
    this.#taps.reportUnjudged(this.#unlearnt.reason);
    return false;
  }

  async #wholeRound(session: VppSession, work: Work): Promise<void> {
    await session.watch.catchUp();
    await this.#schedule.lookAtInterfaces(() => session.reader.readAll());
    await this.#taps.all(session, work);
    this.#schedule.sawEverything();
    await this.#tellOfUplinks(session);
  }

  /** All taps that there is a reason to look at now. */
  async #gather(session: VppSession, work: TapIds, now: number): Promise<TapIds> {
    const { wanted, retries } = this.options;
    const tags = await session.watch.catchUp();
    const ids = noTaps();
    addTaps(ids, work);
    addTaps(ids, affectedTaps(tags, wanted.wanted));
    // Whether copies can travel by an uplink is for the server to know, too.
    const isUplink = [...tags].some((tag) => tag.startsWith(physnetTagPrefix));
    const featuresDue = this.#schedule.featuresDue(now);
    // VPP does not tell when one is put into a bridge domain.
    if (isUplink || featuresDue) await this.#tellOfUplinks(session);
    if (featuresDue) {
      const { taps: undone, untagged } = await this.#lookForChanges(session);
      addTaps(ids, undone);
      if (untagged) this.#schedule.doubt();
    }
    addTaps(ids, affectedTaps(await this.#lookAtTraffic(session, now), wanted.wanted));
    for (const tap of retries.due(now)) addTap(ids, tap);
    await this.#lookForPorts(session, ids, now);
    return ids;
  }

  /** A look that fails leaves it to one at everything to say what it would have seen, if the look before did not fail, too. */
  async #lookForChanges({ reader }: VppSession): Promise<QuietChanges> {
    const { wanted } = this.options.wanted;
    const found = await this.#schedule.lookAtFeatures(
      () => this.#orNothing<QuietChanges | null>('all of ours', () => this.#quiet.changes(wanted, reader), null),
      () => this.#quiet.looksARound,
    );
    const failedBefore = this.#quietFailed;
    this.#quietFailed = found === null;
    return found ?? { taps: noTaps(), untagged: !failedBefore };
  }

  async #lookAtLoad({ vpp }: VppSession, now: number): Promise<readonly string[]> {
    const { budget, clock } = this.options;
    if (!this.#schedule.loadDue(now)) return [];
    return this.#schedule.lookAtLoad(() =>
      this.#orNothing<readonly string[]>('the load', () => budget.look(vpp, clock.monotonic()), []),
    );
  }

  async #lookAtTraffic({ vpp }: VppSession, now: number): Promise<readonly string[]> {
    if (!this.#schedule.trafficDue(now)) return [];
    const tags = await this.#schedule.lookAtTraffic(() =>
      this.#orNothing<readonly string[]>('the copies', () => this.copies.look(vpp), []),
    );
    // What stands still though it looks right may have something that only a look at everything sees.
    if (tags.some((tag) => this.copies.stillness.has(tag))) this.#schedule.doubt();
    return tags;
  }

  /** What a look has to say; one that fails says nothing, and keeps no tap from being wired. The loss of VPP ends the round. */
  #orNothing<T>(what: string, look: () => Promise<T>, nothing: T): Promise<T> {
    const { contained } = this.options;
    return contained.attemptAsync(`the look at ${what}`, look, nothing, contained.endsWork);
  }

  async #lookForPorts(session: VppSession, ids: GatheredTaps, now: number): Promise<void> {
    const due = this.#waiting && this.#schedule.interfacesDue(now);
    if (!due && !this.#missesPort(ids)) return;
    await this.#schedule.lookAtInterfaces(() => session.reader.readInterfaces());
    await this.#tellOfUplinks(session);
    if (due) this.#waitingTaps.addTo(ids);
  }

  /** Whether an uplink is in layer 2 is read first: one of which that is not known keeps copies of the whole cloud off it. */
  async #tellOfUplinks({ reader }: VppSession): Promise<void> {
    const { config, facts, looked } = this.options;
    const { snapshot } = this;
    await reader.readFeatures(uplinkIndices(physnetNames(config, snapshot), snapshot, facts));
    looked();
  }

  /** A port that we do not know may have been made a moment ago. */
  #missesPort(ids: TapIds): boolean {
    const { wanted } = this.options.wanted;
    const missing = (port: string | undefined) =>
      port !== undefined &&
      this.options.contained.attempt(`port ${port}`, () => !findPort(port, this.snapshot).value, false);
    const isLive = (record: { readonly removed?: boolean | undefined } | undefined) => record && !record.removed;
    for (const id of ids.services) {
      const record = wanted.service(id)?.record;
      if (isLive(record) && missing(record?.port_id)) return true;
    }
    for (const id of ids.flows) {
      const record = wanted.flow(id)?.record;
      if (isLive(record) && missing(record?.source_port)) return true;
    }
    for (const id of ids.mirrors) {
      const record = wanted.mirrors.get(id)?.record;
      if (isLive(record) && missing(record?.port_id)) return true;
    }
    return false;
  }

  #reportDisconnected(): void {
    if (!this.options.wanted.complete) return;
    this.queue.take();
    this.#taps.reportDisconnected();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
