import type { GapCause, ResourceKind, StatisticsRecord } from '@taas/model';
import type { Sliced } from '@taas/service';
import type { CountingPoints } from '@taas/wiring';
import { type TapName, tapName } from '../wanted/tap-ids.js';
import type { Identity } from './identity.js';
import { KeptNames, type PointNames } from './point-names.js';
import { type Counted, gained, gainedPoliced, nothingCounted, type Policed, type Reading } from './reading.js';
import { type Gains, stageGains } from './stage-gains.js';
import { addTo, type Figures, figuresOf, learnUnknown, type TapTotals } from './tap-totals.js';

interface Baseline<T> {
  readonly who: Identity;
  readonly value: T;
}

/** All that is counted, for the state file. */
export interface AccumulatorState {
  readonly boot: string | null;
  readonly taps: ReadonlyMap<TapName, TapTotals>;
  readonly interfaces: ReadonlyMap<number, Baseline<Counted>>;
  readonly policers: ReadonlyMap<string, Baseline<Policed>>;
}

/**
 * Adds what VPP's counters gain from reading to reading, by tap, stage and direction. No figure ever goes down: counters that were
 * cleared, or are another VPP's, or another interface's, begin anew, and what cannot be told is not added.
 */
export class Accumulator {
  #boot: string | null = null;
  #taps = new Map<TapName, TapTotals>();
  #interfaces = new Map<number, Baseline<Counted>>();
  #policers = new Map<string, Baseline<Policed>>();
  readonly #names = new KeptNames();

  /** Goes on from what was saved. */
  restore(state: AccumulatorState): void {
    this.#boot = state.boot;
    this.#taps = new Map(state.taps);
    this.#interfaces = new Map(state.interfaces);
    this.#policers = new Map(state.policers);
  }

  get state(): AccumulatorState {
    return {
      boot: this.#boot,
      taps: this.#taps,
      interfaces: this.#interfaces,
      policers: this.#policers,
    };
  }

  /** Another VPP, or one that may be: what was counted before is no measure for it. Figures stay. */
  forgetBaselines(): void {
    this.#boot = null;
    this.#interfaces = new Map();
    this.#policers = new Map();
  }

  /** Whether counting would go on where it was: the same run of VPP, as far as both can be told. */
  continues(reading: Pick<Reading, 'boot'>): boolean {
    return reading.boot !== null && reading.boot === this.#boot;
  }

  /**
   * Takes in one reading, and yields after each tap, so that many need not stop the process. Until all are taken in, the state is not
   * one to go on from.
   * @param taps the counting points of all taps on the node
   * @param identify who has an index; undefined: nobody
   * @param now milliseconds since 1970
   * @returns taps that are counted elsewhere than before: a state file of before would not know where
   */
  *taking(
    reading: Reading,
    taps: Iterable<CountingPoints>,
    identify: (index: number) => Identity | undefined,
    now: number,
  ): Sliced<readonly TapName[]> {
    const elsewhere: TapName[] = [];
    if (reading.boot !== this.#boot) this.forgetBaselines();
    const [interfaces, policers] = [new Map<number, Baseline<Counted>>(), new Map<string, Baseline<Policed>>()];
    const gains = new Map<number, Counted | null>();
    const over = new Map<string, Policed | null>();
    const of = (index: number): Counted | null => {
      const known = gains.get(index);
      if (known !== undefined) return known;
      const who = identify(index);
      const value = reading.counted(index);
      const before = this.#interfaces.get(index);
      // What VPP has not shown this time goes on from where it was.
      if (who && value) interfaces.set(index, { who, value });
      else if (before) interfaces.set(index, before);
      const gain = who && value && isSame(before?.who, who) && before ? gained(before.value, value) : null;
      gains.set(index, gain);
      return gain;
    };
    const policed: Gains['policed'] = (policer) => {
      const known = over.get(policer.name);
      if (known !== undefined) return known;
      const value = reading.policed(policer);
      const who = { birth: policer.index, label: policer.name };
      const before = this.#policers.get(policer.name);
      if (value) policers.set(policer.name, { who, value });
      const gain = value && before && isSame(before.who, who) ? gainedPoliced(before.value, value) : null;
      over.set(policer.name, gain);
      return gain;
    };
    for (const tap of taps) {
      const names = this.#names.of(tap, identify);
      const totals = this.#totalsOf(names.tap, now);
      const before = totals.points;
      if (isQuiet(tap, names, totals, of)) {
        yield;
        continue;
      }
      const found = stageGains(tap, names, { of, policed, before }, totals.carry);
      // All of them have to be read, that there is something to compare with the next time.
      for (const index of names.indices) of(index);
      for (const { policer } of tap.entries) if (policer) policed(policer);
      for (const { stage, direction, amount } of found.stages) addTo(totals, stage, direction, amount);
      for (const stage of found.unknown) if (!totals.unknown.has(stage)) learnUnknown(totals, stage);
      if (found.missed !== null) this.gap(tap.kind, tap.id, 'not_active', 0, found.missed, now);
      if (!hasSame(names.all, before)) elsewhere.push(tapName(tap.kind, tap.id));
      totals.points = names.all;
      yield;
    }
    this.#boot = reading.boot;
    this.#interfaces = interfaces;
    this.#policers = policers;
    return elsewhere;
  }

  /** Adds time in which a tap was wanted and not copied, or not counted. */
  gap(
    kind: ResourceKind,
    id: string,
    cause: GapCause,
    milliseconds: number,
    packets: bigint | null,
    now: number,
  ): void {
    const totals = this.#totalsOf(tapName(kind, id), now);
    const before = totals.gaps.get(cause);
    const counted = packets === null ? (before?.packets ?? null) : packets + (before?.packets ?? 0n);
    totals.figures = null;
    totals.gaps.set(cause, { milliseconds: Math.round(milliseconds + (before?.milliseconds ?? 0)), packets: counted });
  }

  /** Null: nothing has been counted of it. The same object for as long as nothing more has. */
  figures(kind: ResourceKind, id: string): Figures | null {
    const totals = this.#taps.get(tapName(kind, id));
    if (!totals) return null;
    totals.figures ??= figuresOf(totals);
    return totals.figures;
  }

  /**
   * What was told in a last record is never told again: the totals begin anew, with what was counted since. The counting points stay.
   * A record with another beginning is of a stay that is over already. After a restart the state file may be older than the record:
   * what it is short of is not told either.
   * @param now milliseconds since 1970
   */
  settle(kind: ResourceKind, { id, since, stages, gaps }: StatisticsRecord, now: number): void {
    const totals = this.#taps.get(tapName(kind, id));
    if (totals?.since !== since) return;
    totals.figures = null;
    // Another object: its stages are there again after the next reading, be it with 0.
    totals.points = new Set(totals.points);
    totals.since = Math.max(now, since + 1);
    totals.unknown.clear();
    for (const [key, each] of totals.amounts) {
      const told = stages.find(({ stage, direction }) => stage === each.stage && direction === each.direction);
      if (!told) {
        totals.amounts.delete(key);
        continue;
      }
      const { packets, bytes } = each.amount;
      const left = bytes === null || told.bytes === undefined ? null : bytes - BigInt(told.bytes);
      each.amount = { packets: packets - BigInt(told.packets), bytes: left };
    }
    for (const { cause, milliseconds, packets } of gaps) {
      const gap = totals.gaps.get(cause);
      if (!gap) continue;
      const left = gap.packets === null ? null : gap.packets - BigInt(packets ?? '0');
      if (gap.milliseconds <= milliseconds && (left ?? 0n) <= 0n) totals.gaps.delete(cause);
      else totals.gaps.set(cause, { milliseconds: Math.max(0, gap.milliseconds - milliseconds), packets: left });
    }
  }

  /** Of so many taps something has been counted. */
  get size(): number {
    return this.#taps.size;
  }

  names(): IterableIterator<TapName> {
    return this.#taps.keys();
  }

  /** The tap has left the node. */
  forget(kind: ResourceKind, id: string): void {
    this.#taps.delete(tapName(kind, id));
  }

  #totalsOf(name: TapName, now: number): TapTotals {
    const known = this.#taps.get(name);
    if (known) return known;
    const fresh: TapTotals = {
      since: now,
      amounts: new Map(),
      gaps: new Map(),
      carry: new Map(),
      ...{ unknown: new Set(), points: new Set(), figures: null },
    };
    this.#taps.set(name, fresh);
    return fresh;
  }
}

/**
 * Whether a reading adds nothing to a tap that is counted where it was: no counter of it has gained anything, and nothing is carried over.
 * Most taps are, most of the time.
 */
function isQuiet(
  { missing, entries }: CountingPoints,
  { all, indices }: PointNames,
  { points, carry }: TapTotals,
  of: (index: number) => Counted | null,
): boolean {
  if (points !== all || carry.size > 0 || missing.length > 0) return false;
  for (const { policer } of entries) if (policer) return false;
  for (const index of indices) if (of(index) !== nothingCounted) return false;
  return true;
}

function isSame(before: Identity | undefined, now: Identity): boolean {
  return before?.label === now.label && (before.birth === null || before.birth === now.birth);
}

function hasSame(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  if (some === others) return true;
  if (some.size !== others.size) return false;
  for (const each of some) if (!others.has(each)) return false;
  return true;
}
