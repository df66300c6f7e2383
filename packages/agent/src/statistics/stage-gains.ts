import type { Amount, Stage } from '@taas/model';
import type { CountingPoints, Direction, EntryPoint, MirrorPoint } from '@taas/wiring';
import { type EntryNames, type PointNames, seenPoint } from './point-names.js';
import { type Counted, nothingCounted, type Policed } from './reading.js';

/** What was counted since the reading before. */
export interface Gains {
  /** Null: nobody knows, since the interface is another, or was not looked at before. */
  readonly of: (index: number) => Counted | null;
  readonly policed: (policer: NonNullable<EntryPoint['policer']>) => Policed | null;
  /** The tap's counting points at the reading before: another counts from now on. */
  readonly before: ReadonlySet<string>;
}

/** What is left over from one reading for the next, by name: halves of copies, drops that belong to copies not counted yet. */
export type Carry = Map<string, bigint>;

export interface StageGain {
  readonly stage: Stage;
  readonly direction: Direction;
  readonly amount: Amount;
}

export interface TapGains {
  readonly stages: readonly StageGain[];
  /** Stages that go on, and of which VPP's counters do not tell what is this tap's. */
  readonly unknown: readonly Stage[];
  /** Frames of its sources that were asked for and not mirrored; null: nothing is missing. */
  readonly missed: bigint | null;
}

/**
 * What the counters of a tap's interfaces say of its stages. A source that has gone took its counters along: what has come of it since the
 * reading before is at least what was copied of it. A stage that is counted here is there, be it with 0. See
 * docs/decisions/0040-counters.md for what VPP counts where.
 */
export function stageGains(tap: CountingPoints, names: PointNames, gains: Gains, carry: Carry): TapGains {
  const stages: StageGain[] = [];
  const unknown: Stage[] = [];
  const isAsBefore = gains.before === names.all;
  const stood = (point: string): boolean => isAsBefore || gains.before.has(point);
  const at = (index: number, point: string): Counted =>
    stood(point) ? (gains.of(index) ?? nothingCounted) : nothingCounted;
  const add = (stage: Stage, direction: Direction, packets: bigint, bytes: bigint | null = null): void => {
    stages.push({ stage, direction, amount: { packets, bytes } });
  };

  const isExact = tap.mirrors.every(({ exact }) => exact);
  let seen = 0n;
  if (!isExact) unknown.push('seen');
  if (tap.sharesEntry) unknown.push('copied', 'filtered', 'thinned');
  for (let n = 0; n < (isExact ? tap.mirrors.length : 0); n += 1) {
    // Safe here and below: n is that of a point, and there are names for each.
    const { from, state } = tap.mirrors[n] as MirrorPoint;
    const counted = at(from, names.mirrors[n] ?? '');
    // IN is towards the VM. VPP copies before it finds that nobody has the port open.
    if ((state & 2) !== 0) add('seen', 'IN', counted.txPackets + counted.txErrors, counted.txBytes);
    if ((state & 1) !== 0) add('seen', 'OUT', counted.rxPackets, counted.rxBytes);
    seen += (state & 1) === 0 ? 0n : counted.rxPackets;
    seen += (state & 2) === 0 ? 0n : counted.txPackets + counted.txErrors;
  }
  let copied = 0n;

  let [filtered, thinned] = [0n, 0n];
  let dropped = 0n;
  for (let n = 0; n < tap.entries.length; n += 1) {
    const entry = tap.entries[n] as EntryPoint;
    const { index, direction, policer } = entry;
    const called = names.entries[n] as EntryNames;
    const counted = at(index, called.point);
    const packets = half(counted.txPackets, called.half, carry);
    const bytes = half(counted.txBytes, called.halfBytes, carry);
    if (tap.out.length === 0) add('copied', direction, packets, bytes);
    copied += packets;
    dropped += counted.drops;
    const over = policer && stood(called.point) ? gains.policed(policer) : null;
    if (policer) add('thinned', direction, over?.droppedPackets ?? 0n, over?.droppedBytes ?? 0n);
    thinned += over?.droppedPackets ?? 0n;
    if (entry.filtered) {
      const unwanted = filteredBy(entry, called, counted.drops, over?.droppedPackets ?? 0n, at, carry);
      add('filtered', direction, unwanted);
      filtered += unwanted;
    }
    if (tap.leavesUncounted) add('sent', direction, packets - counted.drops > 0n ? packets - counted.drops : 0n);
  }

  let left = 0n;
  for (const [n, { index }] of tap.out.entries()) {
    const counted = at(index, names.out[n] ?? '');
    add('sent', 'BOTH', counted.txPackets, counted.txBytes);
    left += counted.txPackets;
  }
  const gone = isExact && !isAsBefore ? goneSources(gains.before, names.all) : [];
  const unread = (tap.out.length > 0 ? left : copied) - seen;
  const late = gone.length > 0 && unread > 0n ? unread : 0n;
  if (late > 0n) add('seen', directionOf(gone), late);
  for (const [n, index] of tap.in.entries()) {
    const counted = at(index, names.in[n] ?? '');
    dropped += counted.drops;
    add('arrived', 'BOTH', counted.rxPackets, counted.rxBytes);
  }
  // What VPP dropped of receipts is no loss of copies.
  let lostReceipts = 0n;
  if (tap.receipts !== null) {
    const counted = at(tap.receipts, names.receipts);
    lostReceipts = counted.drops;
    const came = counted.rxPackets - lostReceipts;
    add('receipts', 'BOTH', came > 0n ? came : 0n, counted.rxBytes);
  }
  if (tap.collector && names.collector) {
    const { port, egress, shared } = tap.collector;
    const called = names.collector;
    const wire = at(port, called.port);
    let [offered, bytes] = [0n, 0n];
    for (const [n, index] of egress.entries()) {
      const counted = at(index, called.egress[n] ?? '');
      offered += counted.txPackets;
      bytes += counted.txBytes;
    }
    const errors = wire.txErrors - lostReceipts;
    const noVm = claim(errors > 0n ? errors : 0n, dropped - thinned - filtered, called.noVm, carry);
    add('offered', 'BOTH', offered + noVm, bytes);
    add('no_vm', 'BOTH', noVm);
    if (shared) unknown.push('ring_dropped', 'delivered');
    else {
      const ring = claim(wire.drops, offered, called.ring, carry);
      add('ring_dropped', 'BOTH', ring);
      add('delivered', 'BOTH', offered - ring);
    }
  }

  let missed: bigint | null = null;
  let ceased = 0n;
  for (const [n, { from, state }] of tap.missing.entries()) {
    const { point, asked } = names.missing[n] as PointNames['missing'][number];
    missed = (missed ?? 0n) + framesOf(at(from, point), state);
    if (stood(point)) continue;
    // Its mirror went between the two readings: a frame in between was copied, or is missing, and is never nowhere.
    const before = [...gains.before].filter((each) => asked.some((name) => each.startsWith(name)));
    const bits = before.reduce((all, each) => all | Number(each.at(-1)), 0);
    ceased += framesOf(gains.of(from) ?? nothingCounted, state & bits);
  }
  return { stages, unknown, missed: ceased > late ? (missed ?? 0n) + ceased - late : missed };
}

/** Frames of a source that are asked for. @param state bit 1: from the VM; bit 2: to it */
function framesOf({ rxPackets, txPackets, txErrors }: Counted, state: number): bigint {
  return ((state & 1) === 0 ? 0n : rxPackets) + ((state & 2) === 0 ? 0n : txPackets + txErrors);
}

/** Sources that were mirrored at the reading before, and are not any more. */
function goneSources(before: ReadonlySet<string>, points: ReadonlySet<string>): readonly string[] {
  return [...before].filter((point) => point.startsWith(seenPoint) && !points.has(point));
}

/** The name of a source's point ends with what is mirrored of it. */
function directionOf(sources: readonly string[]): Direction {
  const states = new Set(sources.map((source) => source.slice(-1)));
  if (states.size > 1 || states.has('3')) return 'BOTH';
  return states.has('1') ? 'OUT' : 'IN';
}

/** What an entry drops is what its policer or its filter does not let pass, or what could not be sent by the wire behind. */
function filteredBy(
  { wires }: EntryPoint,
  called: EntryNames,
  drops: bigint,
  thinned: bigint,
  at: (index: number, point: string) => Counted,
  carry: Carry,
): bigint {
  const open = drops - thinned + (carry.get(called.filtered) ?? 0n);
  let spoilt = 0n;
  for (const [n, wire] of wires.entries()) spoilt += at(wire, called.wires[n] ?? '').txErrors;
  const rest = open - claim(spoilt, open, called.spoilt, carry);
  // Counters are read one after the other: the policer's may be ahead.
  keep(carry, called.filtered, rest < 0n ? rest : 0n);
  return rest < 0n ? 0n : rest;
}

/** As much of a loss as can be this tap's. What is left waits for the next reading, since counters are read one after the other. */
function claim(loss: bigint, most: bigint, key: string, carry: Carry): bigint {
  const all = loss + (carry.get(key) ?? 0n);
  const claimed = all < most ? all : most > 0n ? most : 0n;
  const left = all - claimed;
  keep(carry, key, left < loss ? left : loss);
  return claimed;
}

/** Half of a counter that counts each twice. */
function half(doubled: bigint, key: string, carry: Carry): bigint {
  const all = doubled + (carry.get(key) ?? 0n);
  keep(carry, key, all % 2n);
  return all / 2n;
}

function keep(carry: Carry, key: string, value: bigint): void {
  if (value === 0n) carry.delete(key);
  else carry.set(key, value);
}
