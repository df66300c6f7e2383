import type { Because, ResourceKind, TapStateStatus } from '@taas/model';
import { type Clock, inSlices, type Logger, type Sliced } from '@taas/service';
import {
  describeStep,
  type Interest,
  interestIn,
  type NodeFacts,
  NodePlanner,
  type Plan,
  revivesSource,
  unitsAskingFor,
  type Verdict,
  type VppSnapshot,
  verifying,
} from '@taas/wiring';
import type { Counters } from '../counters.js';
import type { StateReporter } from '../report/state-reporter.js';
import type { Unread } from '../vpp/vpp-reader.js';
import type { VppSession } from '../vpp/vpp-session.js';
import type { PendingTaps } from '../wanted/pending-taps.js';
import { addTaps, eachTap, everyTap, hasTap, noTaps, type TapIds, tapName } from '../wanted/tap-ids.js';
import type { UnreadableRecord, WantedFollower } from '../wanted/wanted-follower.js';
import type { RetrySchedule } from './retry-schedule.js';
import { StandingTaps } from './standing-taps.js';
import type { Work } from './work-queue.js';

export interface ReconcilePassOptions {
  readonly wanted: WantedFollower;
  readonly reporter: StateReporter;
  readonly retries: RetrySchedule;
  readonly pending: PendingTaps;
  readonly snapshot: VppSnapshot;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly logger: Logger;
  readonly counters: Counters;
  /** What has been asked for and is not part of the round. */
  readonly asked: () => Work;
  /** Something happened that leaves VPP's state in doubt: everything has to be read. */
  readonly doubt: () => void;
  /** Counts what taps have copied: before something changes in VPP, and when it has. */
  readonly count: (session: VppSession) => Promise<void>;
  /** Whether a tap has been told to be ACTIVE. */
  readonly countsAsActive: (kind: ResourceKind, id: string) => boolean;
}

/** Makes the plan of a pass from what is known then. */
type MakePlan = () => Promise<Plan>;

const disconnected = { code: 'vpp_disconnected', reason: 'VPP is not connected' } as const;

/**
 * One round of the loop, on a snapshot of VPP: plan, carry out, read back, plan again, and report what that says. What is done for each
 * of all taps is done in slices: the agent answers meanwhile.
 */
export class ReconcilePass {
  readonly #standing = new StandingTaps();
  readonly #planner: NodePlanner;
  /** Of the pass in progress: taps that nobody could look at. */
  #unseen = new Map<string, string>();

  constructor(private readonly options: ReconcilePassOptions) {
    this.#planner = new NodePlanner(options.snapshot, (work) => this.#inSlices(work));
  }

  /**
   * All taps; everything has just been read but the features.
   * @param facts of the plan and of its verification alike
   * @param work what has been asked for
   */
  async all(session: VppSession, facts: NodeFacts, work: Work): Promise<void> {
    const { reporter, pending, snapshot } = this.options;
    const { wanted } = this.options.wanted;
    this.#unseen = new Map();
    const everything = everyTap(wanted);
    const interest = await this.#interest(everything);
    snapshot.routes.keep(interest.remotes);
    this.#blind(everything, await session.reader.readDetails(interest));
    pending.clear();
    this.#standing.keep((kind, id) => wanted.knows(kind, id));
    reporter.recheck();
    const make = () => this.#planner.all(wanted, facts, this.#unseen);
    await this.#execute(session, await make(), make, everything, work);
    reporter.report([...this.options.wanted.unreadable()].map(unreadableState));
    reporter.prune((kind, id) => wanted.knows(kind, id));
  }

  /** Some taps, reading only what they concern. */
  async some(session: VppSession, facts: NodeFacts, asked: TapIds, work: Work): Promise<void> {
    const { reporter } = this.options;
    const { wanted } = this.options.wanted;
    let ids = asked;
    this.#unseen = new Map();
    const make = () => this.#planner.some(ids, wanted, facts, this.#unseen);
    await this.#read(session, ids);
    let plan = await make();
    const others = plan.outlooks.filter(({ kind, id }) => kind === 'tap_flows' && !ids.flows.has(id));
    if (others.some(({ id }) => !ids.services.has(wanted.flow(id)?.record.tap_service_id ?? ''))) {
      // The service's attachments change, which concerns all of its flows.
      ids = { ...ids, flows: new Set([...ids.flows, ...others.map(({ id }) => id)]) };
      await this.#read(session, ids);
      plan = await make();
    }
    if (revivesSource(plan)) {
      // A revival switches on again all that the table lists: it must not be a mirror that its owner has taken away since.
      await session.reader.readSpans();
      plan = await make();
    }
    await this.#execute(session, plan, make, ids, work);
    const unreadable = [...this.options.wanted.unreadable()];
    reporter.report(unreadable.filter(({ kind, id }) => hasTap(ids, kind, id)).map(unreadableState));
    const gone = [...eachTap(ids)].some(([kind, id]) => !wanted.knows(kind, id));
    if (gone) reporter.prune((kind, id) => wanted.knows(kind, id));
  }

  /** Nothing can be said of any tap while VPP is gone. */
  reportDisconnected(): void {
    this.#reportAll({ status: 'PENDING', ...disconnected });
  }

  /** VPP is there, and what it says means nothing to us. */
  reportUnjudged(reason: string): void {
    this.#reportAll({ status: 'DOWN', code: 'feature_bits_unknown', reason });
  }

  #reportAll(how: Because & { readonly status: TapStateStatus }): void {
    const { wanted, reporter } = this.options;
    this.#standing.clear();
    const state = (kind: ResourceKind, id: string, revision: number) => ({ kind, id, revision, ...how });
    reporter.report([...wanted.wanted.services()].map((s) => state('tap_services', s.record.id, s.revision)));
    reporter.report([...wanted.wanted.flows()].map((f) => state('tap_flows', f.record.id, f.revision)));
    reporter.report([...wanted.wanted.mirrors.all()].map((m) => state('tap_mirrors', m.record.id, m.revision)));
    reporter.report([...wanted.unreadable()].map(unreadableState));
  }

  /** What planning these taps asks about. A tap of which that cannot be said is not planned in this pass. */
  async #interest(ids: TapIds): Promise<Interest> {
    const interest = await this.#inSlices(interestIn(ids, this.options.wanted.wanted, this.options.snapshot));
    for (const [unit, cause] of interest.unseen) this.#unseen.set(unit, cause);
    return interest;
  }

  /** Taps are left as they are of which VPP does not say how they stand: what is known of them may be of before. */
  #blind(ids: TapIds, unread: Unread): void {
    if (unread.size === 0) return;
    const { snapshot, wanted } = this.options;
    for (const [unit, cause] of unitsAskingFor(unread, ids, wanted.wanted, snapshot)) this.#unseen.set(unit, cause);
  }

  async #read({ reader }: VppSession, ids: TapIds): Promise<void> {
    const interest = await this.#interest(ids);
    const [unread] = await Promise.all([
      reader.readDetails(interest),
      ...[...interest.ports].map((index) => reader.readInterface(index)),
    ]);
    this.#blind(ids, unread);
  }

  /** Carries a plan out, reads back what it touched, and lets `again` tell from that how the taps stand. */
  async #execute(session: VppSession, plan: Plan, again: MakePlan, ids: TapIds, work: Work): Promise<void> {
    const { counters, logger } = this.options;
    if (plan.sequences.length === 0) {
      // Whatever made them ACTIVE, they count from here on: who hears of it may send at once.
      const verdicts = await this.#verify(plan);
      if (verdicts.some(({ kind, id, status }) => status === 'ACTIVE' && !this.options.countsAsActive(kind, id)))
        await this.options.count(session);
      return this.#settle(plan, verdicts);
    }
    await this.#reportUndone(plan, work);
    counters.plans++;
    for (const { key, steps } of plan.sequences) logger.debug({ key, steps: steps.map(describeStep) }, 'to be done');
    await this.options.count(session);
    const result = await session.execute(plan);
    counters.steps += result.steps;
    counters.failures += result.failures.size;
    for (const [key, cause] of result.failures) logger.warn({ key, cause }, 'not done');
    logger.info(
      { sequences: plan.sequences.length, steps: result.steps, failures: result.failures.size },
      'plan carried out',
    );
    if (result.doubt) this.options.doubt();
    await session.reader.readTouched(result.touched);
    const { features } = await this.#interest(ids);
    this.#blind(ids, await session.reader.readFeatures(features));
    await this.options.count(session);
    const found = await again();
    await this.#settle(found, await this.#verify(found, result.failures));
  }

  /** Says of taps that somebody undid what is missing, before it is mended: they were called ACTIVE until now. */
  async #reportUndone(plan: Plan, work: Work): Promise<void> {
    const { reporter, counters, logger, wanted, asked } = this.options;
    const more = asked();
    // Much may have been asked for at once, or VPP be another: nobody knows who undid what.
    if (work.whole || more.whole) return;
    const ids = noTaps();
    for (const each of [work, more]) addTaps(ids, each.ids);
    const undone = this.#standing.undone(await this.#verify(plan), ids, wanted.wanted);
    counters.undone += undone.length;
    for (const { kind, id, reason } of undone)
      logger.warn({ tap: tapName(kind, id), reason }, 'undone by somebody else');
    const reason = (found: string) => `undone by somebody else, and being mended: ${found}`;
    reporter.report(
      undone.map((each) => ({ ...each, status: 'DOWN', code: 'wiring_changed', reason: reason(each.reason) })),
    );
  }

  #verify(plan: Plan, failures: ReadonlyMap<string, string> = new Map()): Promise<Verdict[]> {
    return this.#inSlices(verifying(plan, failures));
  }

  async #settle(plan: Plan, verdicts: readonly Verdict[]): Promise<void> {
    const { pending, wanted } = this.options;
    this.options.counters.failures += plan.unplanned.length;
    for (const { kind, id, cause } of plan.unplanned)
      this.options.logger.error({ tap: tapName(kind, id), cause }, 'this tap cannot be planned; the others go on');
    await this.#inSlices(this.#settling(plan, verdicts));
    pending.keep((kind, id) => wanted.wanted.knows(kind, id));
  }

  *#settling(plan: Plan, verdicts: readonly Verdict[]): Sliced<void> {
    const { retries, reporter, pending } = this.options;
    const now = this.options.clock.monotonic();
    const open = new Set(plan.sequences.map(({ key }) => key));
    const unplanned = new Set(plan.unplanned.map(({ kind, id }) => tapName(kind, id)));
    for (const [n, verdict] of verdicts.entries()) {
      yield;
      const tap = tapName(verdict.kind, verdict.id);
      const unfinished = unplanned.has(tap) || plan.outlooks[n]?.keys.some((key) => open.has(key)) === true;
      if (unfinished) retries.failed(tap, now);
      else retries.succeeded(tap);
      pending.settle(verdict);
      this.#standing.settle(verdict);
      reporter.report([verdict]);
    }
  }

  #inSlices<T>(work: Sliced<T>): Promise<T> {
    return inSlices(work, this.options.clock);
  }
}

function unreadableState(record: UnreadableRecord) {
  const { kind, id, revision } = record;
  return {
    kind,
    id,
    revision,
    status: 'ERROR',
    code: 'record_invalid',
    reason: `the record of this tap cannot be used: ${record.problem}`,
  } as const;
}
