import type { ResourceKind, StatisticsRecord } from '@taas/model';
import { type Clock, inSlices, type Logger, type Sliced } from '@taas/service';
import { type CountingPoints, indicesOf, KeptCountingPoints, type VppSnapshot } from '@taas/wiring';
import type { Contained } from '../contained.js';
import type { StateEntry } from '../report/state-writer.js';
import type { VppSession } from '../vpp/vpp-session.js';
import { splitTapName, type TapName, tapName } from '../wanted/tap-ids.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import { Accumulator } from './accumulator.js';
import type { CounterSource } from './counter-source.js';
import { type Elapsed, GapClock } from './gap-clock.js';
import type { Identity } from './identity.js';
import type { StateFile } from './state-file.js';
import { formatting } from './state-text.js';
import type { Figures } from './tap-totals.js';

/** The state file is written this often, and when the agent stops. */
const saveMs = 30_000;
/** Or after so long at most, when taps are counted elsewhere than it says: of those it knows nothing that could be gone on from. */
const saveSoonMs = 5_000;
/** Sooner, if writing it takes no more than this share of the time. */
const saveShare = 0.05;

export interface CountingOptions {
  readonly source: CounterSource;
  readonly snapshot: VppSnapshot;
  readonly wanted: Pick<WantedFollower, 'wanted' | 'complete'>;
  readonly contained: Contained;
  /** Absent: what was counted ends with this process. */
  readonly file?: StateFile | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A count that takes no longer is made at every plan, in ms; others take this share of time for it at most. */
const cheapMs = 100;
const planShare = 0.05;

/** Counts what taps copy: reads VPP's counters, adds up what they gain, and knows for how long taps were not ACTIVE. */
export class Counting {
  readonly accumulator = new Accumulator();
  readonly #gaps = new GapClock();
  /** When the state file was written that has been gone on from, and nothing been read since. */
  #restoredAt: number | null = null;
  #savedAt = Number.NEGATIVE_INFINITY;
  /** How long that took, in ms. */
  #saveTook = 0;
  /** Taps that are counted elsewhere than the state file says, and those of which it is being written. */
  #unsaved = new Set<TapName>();
  #beingSaved: ReadonlySet<TapName> = new Set();
  #saving: Promise<void> = Promise.resolve();
  #turn: Promise<void> = Promise.resolve();
  #loaded: Promise<void> | null = null;
  #readAt = 0;
  /** The same on the monotonic clock. */
  #readMonotonic = 0;
  /**
   * When the last count ended, how long it took, and how long counts take: the cheaper of the last two, since one that opens the segment or
   * waits for a busy VPP says nothing of others. In ms of the monotonic clock.
   */
  #last = { at: Number.NEGATIVE_INFINITY, took: 0, cost: 0 };
  /** How each tap stands, for metrics. */
  readonly states = new Map<TapName, StateEntry['status']>();
  readonly #points: KeptCountingPoints;
  /** What is read, and who it is of: of this very list of points. */
  #read: ToRead = nothingToRead;

  constructor(private readonly options: CountingOptions) {
    this.#points = new KeptCountingPoints(options.snapshot);
  }

  /** When VPP's counters were read last, in milliseconds since 1970; 0: not yet. */
  get readAt(): number {
    return this.#readAt;
  }

  /**
   * Reads the counters of all taps as they stand in the snapshot, and adds what they have gained. Before something is changed in VPP it
   * takes in what would be gone; afterwards it is what the next reading is compared with.
   * @throws the connection's error when VPP is lost; else what fails is logged, and no tap stands otherwise for it
   */
  async count(session: VppSession): Promise<void> {
    const { contained, clock } = this.options;
    const start = clock.monotonic();
    await contained.attemptAsync('the statistics', () => this.#count(session), undefined, contained.endsWork);
    const took = clock.monotonic() - start;
    this.#last = { at: clock.monotonic(), took, cost: Math.min(took, this.#last.took) };
  }

  /**
   * Counts before and after a plan, unless that would take too much: a change to one tap has the counters of all read. Where it is not
   * done, what a tap copies beside the change is counted from the next reading on.
   * @throws as `count`
   */
  async countAtPlan(session: VppSession): Promise<void> {
    const { at, cost } = this.#last;
    if (cost > cheapMs && this.options.clock.monotonic() - at < cost / planShare) return;
    await this.count(session);
  }

  async #count(session: VppSession): Promise<void> {
    const { source, snapshot, wanted, clock, logger } = this.options;
    await this.load();
    if (!wanted.complete) return;
    const { taps, identities, policers } = await inSlices(this.#toRead(), clock);
    const reading = await source.read(session.vpp, { interfaces: identities.keys(), policers });
    // What VPP has said before it answers this has been heard: an interface that went meanwhile is not who was read.
    await session.vpp.ping();
    const now = clock.now();
    if (this.#restoredAt !== null && !this.accumulator.continues(reading)) {
      logger.info({}, 'VPP is another than before the restart of the agent: its counters begin anew');
      for (const tap of this.accumulator.names())
        this.#add([{ ...splitTapName(tap), cause: 'agent_restarted', milliseconds: now - this.#restoredAt }], now);
    }
    this.#restoredAt = null;
    // Whoever goes from here on was there when it was read.
    const there = new Set<number>();
    for (const [index, { birth }] of identities) if (snapshot.interfaces.birthOf(index) === birth) there.add(index);
    const counted = (index: number) => (there.has(index) ? reading.counted(index) : undefined);
    const taking = this.accumulator.taking({ ...reading, counted }, taps, (index) => identities.get(index), now);
    const elsewhere = await this.#inTurn(taking);
    if (this.options.file) for (const tap of elsewhere) this.#unsaved.add(tap);
    this.#readAt = now;
    this.#readMonotonic = clock.monotonic();
    this.#add(this.#gaps.take(clock.monotonic()), now);
    // Each tap that is here has been counted: with more of them, some are not here.
    if (this.accumulator.size !== taps.length) this.#forgetOthers(taps);
    const age = clock.monotonic() - this.#savedAt;
    const soonMs = Math.min(saveSoonMs, this.#saveTook / saveShare);
    if (age >= saveMs || (this.#unsaved.size > 0 && age >= soonMs)) void this.save();
  }

  /** A tap's state is told: time in which it is not ACTIVE is counted. */
  told({ kind, id, status, code }: Pick<StateEntry, 'kind' | 'id' | 'status' | 'code'>): void {
    const { clock } = this.options;
    if (status === 'REMOVED') this.states.delete(`${kind}/${id}`);
    else this.states.set(`${kind}/${id}`, status);
    const counted = () => this.accumulator.figures(kind, id) !== null;
    this.#add(this.#gaps.told(kind, id, status, code, clock.monotonic(), counted), clock.now());
  }

  /**
   * Whether the agent would go on from a tap's figures if it were killed now. What is told of others would be taken back: what the tap has copied
   * until then could not be counted again.
   */
  isSaved(kind: ResourceKind, id: string): boolean {
    const tap = tapName(kind, id);
    return !this.#unsaved.has(tap) && !this.#beingSaved.has(tap);
  }

  /** What has been counted of a tap; null: nothing here. */
  figures(kind: ResourceKind, id: string): Figures | null {
    return this.#readAt === 0 ? null : this.accumulator.figures(kind, id);
  }

  /** The same as a record; null: nothing has been counted of it here. */
  record(kind: ResourceKind, id: string, final: boolean): StatisticsRecord | null {
    const figures = this.figures(kind, id);
    if (!figures) return null;
    const { since } = figures;
    const [stages, gaps] = [[...figures.stages], [...figures.gaps]];
    const age = Math.round(this.options.clock.monotonic() - this.#readMonotonic);
    const at = Math.max(since, this.#readAt);
    return { v: 1, id, since, at, ...(final ? {} : { age }), stages, gaps, final };
  }

  /** These were stored as last records: the figures begin anew, on disk too before anybody hears that the taps are REMOVED. */
  async settle(finals: readonly (readonly [ResourceKind, StatisticsRecord])[]): Promise<void> {
    await this.load();
    if (finals.length === 0) return;
    for (const [kind, record] of finals) this.accumulator.settle(kind, record, this.options.clock.now());
    await this.save();
  }

  /** Writes the state file, unless it is being written. */
  async save(): Promise<void> {
    const { file, clock } = this.options;
    if (!file || this.#loaded === null) return;
    this.#savedAt = clock.monotonic();
    this.#saving = this.#saving.then(() => this.#write(file));
    await this.#saving;
  }

  async #write(file: StateFile): Promise<void> {
    const { clock } = this.options;
    const start = clock.monotonic();
    await file.save(await this.#inTurn(this.#text()));
    // Also if that has failed, which has been said: figures are told all the same.
    this.#beingSaved = new Set();
    this.#saveTook = clock.monotonic() - start;
  }

  /** As it is when its turn comes. */
  *#text(): Sliced<string> {
    this.#beingSaved = this.#unsaved;
    this.#unsaved = new Set();
    return yield* formatting(this.accumulator.state, this.options.clock.now());
  }

  /** What is taken in and what is written down meet nowhere: half of a reading would be counted again after a restart. */
  #inTurn<T>(work: Sliced<T>): Promise<T> {
    const done = this.#turn.then(() => inSlices(work, this.options.clock));
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** Goes on from the state file, once. */
  load(): Promise<void> {
    this.#loaded ??= this.#load();
    return this.#loaded;
  }

  async #load(): Promise<void> {
    const found = (await this.options.file?.load()) ?? null;
    if (!found) return;
    this.#savedAt = this.options.clock.monotonic();
    this.accumulator.restore(found.state);
    this.#restoredAt = found.savedAt;
  }

  #add(elapsed: readonly Elapsed[], now: number): void {
    for (const { kind, id, cause, milliseconds } of elapsed)
      this.accumulator.gap(kind, id, cause, Math.max(0, milliseconds), null, now);
  }

  *#toRead(): Sliced<ToRead> {
    const { wanted, snapshot } = this.options;
    const taps = yield* this.#points.finding(wanted.wanted);
    if (taps === this.#read.taps) return this.#read;
    const before = this.#read.identities;
    const identities = new Map<number, Identity>();
    let policers = false;
    for (const tap of taps) {
      policers ||= tap.entries.some(({ policer }) => policer !== null);
      for (const index of indicesOf(tap)) {
        if (identities.has(index)) continue;
        const who = identityOf(index, snapshot, before.get(index));
        if (who) identities.set(index, who);
      }
      yield;
    }
    this.#read = { taps, identities, policers };
    return this.#read;
  }

  /** What nobody wants here any more has been told of with its last state. */
  #forgetOthers(taps: readonly { readonly kind: ResourceKind; readonly id: string }[]): void {
    const here = new Set<string>(taps.map(({ kind, id }) => `${kind}/${id}`));
    const { wanted } = this.options.wanted;
    for (const tap of [...this.accumulator.names()]) {
      const { kind, id } = splitTapName(tap);
      if (here.has(tap) || wanted.knows(kind, id)) continue;
      this.accumulator.forget(kind, id);
      this.#gaps.forget(kind, id);
      this.states.delete(tap);
    }
  }
}

interface ToRead {
  readonly taps: readonly CountingPoints[];
  readonly identities: ReadonlyMap<number, Identity>;
  readonly policers: boolean;
}

const nothingToRead: ToRead = { taps: [], identities: new Map(), policers: false };

/** @param before who had the index before: the same object for as long as it is the same */
function identityOf(index: number, { interfaces }: VppSnapshot, before: Identity | undefined): Identity | undefined {
  const entry = interfaces.get(index);
  const birth = interfaces.birthOf(index);
  if (!entry || birth === undefined) return undefined;
  const label = `${index} ${entry.name} ${entry.tag}`;
  return before?.birth === birth && before.label === label ? before : { birth, label };
}
