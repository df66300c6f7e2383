import type { ResourceKind } from '@taas/model';
import type { Clock, Logger } from '@taas/service';
import {
  describeStep,
  findPort,
  findUplink,
  interestOf,
  type NodeFacts,
  type Plan,
  planNode,
  planTaps,
  type Verdict,
  VppSnapshot,
  verify,
} from '@taas/wiring';
import { affectedTaps } from './affected-taps.js';
import type { AgentConfig } from './config.js';
import type { Counters } from './counters.js';
import { changedFeatures } from './liveness.js';
import type { RetrySchedule } from './retry-schedule.js';
import type { StateReporter } from './state-reporter.js';
import type { Vpp } from './vpp/vpp-messages.js';
import { VppSession } from './vpp/vpp-session.js';
import type { WantedFollower } from './wanted-follower.js';
import { WorkQueue } from './work-queue.js';

export interface ReconcilerOptions {
  readonly config: AgentConfig;
  readonly facts: NodeFacts;
  readonly wanted: WantedFollower;
  readonly reporter: StateReporter;
  readonly retries: RetrySchedule;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  /** Called whenever VPP's interfaces have been read. */
  readonly looked: () => void;
}

interface Ids {
  readonly services: ReadonlySet<string>;
  readonly flows: ReadonlySet<string>;
}

const disconnectedReason = 'VPP is not connected';

/**
 * The loop: compares what is wanted with what VPP has, makes the difference good, reads back, and reports. One round at a
 * time; what happens during a round is looked at in the next.
 */
export class Reconciler {
  readonly snapshot = new VppSnapshot();
  readonly queue = new WorkQueue();
  #session: VppSession | null = null;
  /** The connection failed or was lost; false at start, when it is only on its way and the states of before hold. */
  #lost = false;
  #registration: Disposable | null = null;
  /** Taps that wait for something, as `kind/id`. */
  readonly #pending = new Map<string, Verdict>();
  #lastRead = 0;
  #readCost = 0;

  constructor(private readonly options: ReconcilerOptions) {}

  get connected(): boolean {
    return this.#session !== null;
  }

  get pending(): number {
    return this.#pending.size;
  }

  attach(vpp: Vpp): void {
    const { config, logger } = this.options;
    const problem = (error: Error) => {
      logger.error({ cause: error.message }, 'a mirror of a deleted interface could not be switched off');
      this.queue.addAll();
    };
    this.#session = new VppSession({
      vpp,
      snapshot: this.snapshot,
      parallel: config.vpp.parallel,
      poke: () => this.queue.poke(),
      problem,
    });
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
        logger.warn({ cause: error instanceof Error ? error.message : String(error) }, 'a round was not finished');
        // With the connection lost the link says when to go on; anything else is tried again soon.
        this.queue.addAll();
        if (this.#session === session)
          await clock.sleep(this.options.config.intervals.retry_first_ms, signal).catch(() => undefined);
      }
    }
  }

  /** Waits for work, but no longer than until the next retry, poll or look at everything. */
  async #idle(signal: AbortSignal): Promise<void> {
    const { clock, config, retries, wanted } = this.options;
    const now = clock.monotonic();
    const waits = [];
    if (this.#session && wanted.complete) {
      waits.push(this.#lastRead + config.intervals.verify_ms - now, retries.next(now) ?? Number.POSITIVE_INFINITY);
      waits.push(this.#lastPulse + this.#pulseInterval - now);
      if (this.#waiting) waits.push(this.#pollInterval());
    }
    const timer = new AbortController();
    const wait = Math.min(...waits);
    const timed = Number.isFinite(wait)
      ? clock.sleep(Math.max(0, wait), timer.signal).then(
          () => this.queue.poke(),
          () => undefined,
        )
      : undefined;
    await this.queue.wait(signal);
    timer.abort();
    await timed;
  }

  /** Something is missing that others make, and that VPP may not tell of when it comes: tags are set without an event. */
  get #waiting(): boolean {
    const { config, facts } = this.options;
    return this.#pending.size > 0 || config.physnets.some(({ name }) => !findUplink(name, this.snapshot, facts).value);
  }

  /** On a node where reading all interfaces takes long, a port that is waited for may take longer to be seen. */
  #pollInterval(): number {
    return Math.max(this.options.config.intervals.port_poll_ms, 10 * this.#readCost);
  }

  async #round(session: VppSession): Promise<void> {
    const { wanted, clock, config, retries } = this.options;
    if (!wanted.complete) return;
    this.#registration ??= await session.watch.start();
    const now = clock.monotonic();
    const work = this.queue.take();
    if (work.whole || now - this.#lastRead >= config.intervals.verify_ms) return this.#wholeRound(session);
    const tags = [...(await session.watch.catchUp()), ...(await this.#pulse(session, now))];
    const affected = affectedTaps(tags, wanted.wanted);
    const ids = {
      services: new Set([...work.services, ...affected.services]),
      flows: new Set([...work.flows, ...affected.flows]),
    };
    for (const tap of retries.due(now)) addTap(ids, tap);
    await this.#addPending(session, ids, now);
    if (ids.services.size + ids.flows.size > 0) await this.#someRound(session, ids);
  }

  #lastPoll = 0;
  #lastPulse = 0;
  #pulseCost = 0;

  async #pulse({ reader }: VppSession, now: number): Promise<string[]> {
    if (now - this.#lastPulse < this.#pulseInterval) return [];
    const tags = await changedFeatures(this.#allServices(), this.options.wanted.wanted, this.snapshot, reader);
    this.#lastPulse = this.options.clock.monotonic();
    this.#pulseCost = this.#lastPulse - now;
    return tags;
  }

  get #pulseInterval(): number {
    return Math.max(this.options.config.intervals.liveness_ms, 20 * this.#pulseCost);
  }

  async #addPending(
    session: VppSession,
    ids: { services: Set<string>; flows: Set<string> },
    now: number,
  ): Promise<void> {
    const poll = this.#waiting && now - this.#lastPoll >= this.#pollInterval();
    if (!poll && !this.#missesPort(ids)) return;
    await this.#timed(() => session.reader.readInterfaces());
    this.#lastPoll = this.options.clock.monotonic();
    this.options.looked();
    if (poll) for (const tap of this.#pending.keys()) addTap(ids, tap);
  }

  /** A port that we do not know may have been made a moment ago. */
  #missesPort(ids: Ids): boolean {
    const { wanted } = this.options.wanted;
    const missing = (port: string | undefined) => port !== undefined && !findPort(port, this.snapshot).value;
    const isLive = (record: { readonly removed?: boolean | undefined } | undefined) => record && !record.removed;
    for (const id of ids.services) {
      const record = wanted.service(id)?.record;
      if (isLive(record) && missing(record?.port_id)) return true;
    }
    for (const id of ids.flows) {
      const record = wanted.flow(id)?.record;
      if (isLive(record) && missing(record?.source_port)) return true;
    }
    return false;
  }

  async #timed(read: () => Promise<void>): Promise<void> {
    const { clock } = this.options;
    const start = clock.monotonic();
    await read();
    this.#readCost = clock.monotonic() - start;
  }

  async #wholeRound(session: VppSession): Promise<void> {
    const { facts, clock, reporter, looked } = this.options;
    const { wanted } = this.options.wanted;
    await session.watch.catchUp();
    await this.#timed(() => session.reader.readAll());
    const everything = { services: this.#allServices(), flows: new Set<string>() };
    await session.reader.readFeatures(interestOf(everything, wanted, this.snapshot).features);
    this.#lastRead = clock.monotonic();
    this.#lastPulse = this.#lastRead;
    this.#pending.clear();
    const plan = planNode(wanted, this.snapshot, facts);
    await this.#execute(session, plan, () => planNode(wanted, this.snapshot, facts), everything);
    reporter.report([...this.options.wanted.unreadable()].map(unreadableState));
    reporter.prune((kind, id) => this.#isKnown(kind, id));
    looked();
  }

  async #someRound(session: VppSession, asked: Ids): Promise<void> {
    const { facts, reporter } = this.options;
    const { wanted } = this.options.wanted;
    let ids = asked;
    await this.#read(session, ids);
    let plan = planTaps(ids, wanted, this.snapshot, facts);
    const others = plan.outlooks.filter(({ kind, id }) => kind === 'tap_flows' && !ids.flows.has(id));
    if (others.some(({ id }) => !ids.services.has(wanted.flow(id)?.record.tap_service_id ?? ''))) {
      // The service's ways in and out change, which concerns all of its flows.
      ids = { services: ids.services, flows: new Set([...ids.flows, ...others.map(({ id }) => id)]) };
      await this.#read(session, ids);
      plan = planTaps(ids, wanted, this.snapshot, facts);
    }
    await this.#execute(session, plan, () => planTaps(ids, wanted, this.snapshot, facts), ids);
    reporter.report(
      [...this.options.wanted.unreadable()].filter(({ kind, id }) => has(ids, kind, id)).map(unreadableState),
    );
    const gone =
      [...ids.services].some((id) => !this.#isKnown('tap_services', id)) ||
      [...ids.flows].some((id) => !this.#isKnown('tap_flows', id));
    if (gone) reporter.prune((kind, id) => this.#isKnown(kind, id));
  }

  async #read({ reader }: VppSession, ids: Ids): Promise<void> {
    const { ports, features } = interestOf(ids, this.options.wanted.wanted, this.snapshot);
    await Promise.all([...[...ports].map((index) => reader.readInterface(index)), reader.readFeatures(features)]);
  }

  /** Carries a plan out, reads back what it touched, and lets `again` tell from that how the taps stand. */
  async #execute(session: VppSession, plan: Plan, again: () => Plan, ids: Ids): Promise<void> {
    const { counters, logger } = this.options;
    if (plan.sequences.length === 0) return this.#settle(plan, new Map());
    counters.plans++;
    for (const { key, steps } of plan.sequences) logger.debug({ key, steps: steps.map(describeStep) }, 'to be done');
    const result = await session.execute(plan);
    counters.steps += result.steps;
    counters.failures += result.failures.size;
    for (const [key, cause] of result.failures) logger.warn({ key, cause }, 'not done');
    logger.info(
      { sequences: plan.sequences.length, steps: result.steps, failures: result.failures.size },
      'plan carried out',
    );
    if (result.doubt) this.queue.addAll();
    await session.reader.readTouched(result.touched);
    const { features } = interestOf(ids, this.options.wanted.wanted, this.snapshot);
    await session.reader.readFeatures(features);
    this.#settle(again(), result.failures);
  }

  #settle(plan: Plan, failures: ReadonlyMap<string, string>): void {
    const { retries, clock, reporter } = this.options;
    const now = clock.monotonic();
    const verdicts = verify(plan, failures);
    const open = new Set(plan.sequences.map(({ key }) => key));
    for (const [n, verdict] of verdicts.entries()) {
      const tap = `${verdict.kind}/${verdict.id}`;
      const unfinished = plan.outlooks[n]?.keys.some((key) => open.has(key)) === true;
      if (unfinished) retries.failed(tap, now);
      else retries.succeeded(tap);
      if (verdict.status === 'PENDING') this.#pending.set(tap, verdict);
      else this.#pending.delete(tap);
    }
    this.#forgetUnwanted();
    reporter.report(verdicts);
  }

  #forgetUnwanted(): void {
    for (const [tap, { kind, id }] of this.#pending) if (!this.#isKnown(kind, id)) this.#pending.delete(tap);
  }

  #reportDisconnected(): void {
    const { wanted, reporter } = this.options;
    if (!wanted.complete) return;
    this.queue.take();
    const state = (kind: ResourceKind, id: string, revision: number) =>
      ({ kind, id, revision, status: 'PENDING', reason: disconnectedReason }) as const;
    reporter.report([...wanted.wanted.services()].map((s) => state('tap_services', s.record.id, s.revision)));
    reporter.report([...wanted.wanted.flows()].map((f) => state('tap_flows', f.record.id, f.revision)));
    reporter.report([...wanted.unreadable()].map(unreadableState));
  }

  #allServices(): Set<string> {
    const { wanted } = this.options.wanted;
    const services = new Set<string>();
    for (const { record } of wanted.services()) services.add(record.id);
    for (const { record } of wanted.flows()) services.add(record.tap_service_id);
    return services;
  }

  #isKnown(kind: ResourceKind, id: string): boolean {
    const { wanted } = this.options.wanted;
    const record = kind === 'tap_services' ? wanted.service(id) : wanted.flow(id);
    return record !== undefined || wanted.isUnreadable(kind, id);
  }
}

function addTap(ids: { services: Set<string>; flows: Set<string> }, tap: string): void {
  const [kind, id = ''] = tap.split('/');
  (kind === 'tap_services' ? ids.services : ids.flows).add(id);
}

function has(ids: Ids, kind: ResourceKind, id: string): boolean {
  return (kind === 'tap_services' ? ids.services : ids.flows).has(id);
}

function unreadableState(record: { kind: ResourceKind; id: string; revision: number; problem: string }) {
  const { kind, id, revision } = record;
  return {
    kind,
    id,
    revision,
    status: 'ERROR',
    reason: `the record of this tap cannot be used: ${record.problem}`,
  } as const;
}
