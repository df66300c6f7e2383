import type { Amount, Stage } from '@taas/model';
import type { CountingPoints, Direction, EntryPoint } from '@taas/wiring';
import { type Counted, nothingCounted, type Policed } from './reading.js';

/** What was counted since the reading before. */
export interface Gains {
  /** Null: nobody knows, since the interface is another, or was not looked at before. */
  readonly of: (index: number) => Counted | null;
  readonly policed: (policer: NonNullable<EntryPoint['policer']>) => Policed | null;
  /** The tap's counting points at the reading before: another counts from now on. */
  readonly before: ReadonlySet<string>;
  /** An interface for whoever reads the name of a point: not its index alone, which may be another's tomorrow. */
  readonly label: (index: number) => string;
}

const seenPoint = 'seen ';

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
  /** Its counting points, for the next reading. */
  readonly points: ReadonlySet<string>;
}

/**
 * What the counters of a tap's interfaces say of its stages. A source that has gone took its counters along: what has come of it since the
 * reading before is at least what was copied of it. A stage that is counted here is there, be it with 0. See
 * docs/decisions/0040-counters.md for what VPP counts where.
 */
export function stageGains(tap: CountingPoints, gains: Gains, carry: Carry): TapGains {
  const stages: StageGain[] = [];
  const unknown: Stage[] = [];
  const points = new Set<string>();
  const at = (index: number, point: string): Counted => {
    points.add(point);
    return gains.before.has(point) ? (gains.of(index) ?? nothingCounted) : nothingCounted;
  };
  const add = (stage: Stage, direction: Direction, packets: bigint, bytes: bigint | null = null): void => {
    stages.push({ stage, direction, amount: { packets, bytes } });
  };
  const { label } = gains;

  const isExact = tap.mirrors.every(({ exact }) => exact);
  let seen = 0n;
  if (!isExact) unknown.push('seen');
  if (tap.sharesEntry) unknown.push('copied', 'filtered', 'thinned');
  for (const { from, to, state } of tap.mirrors) {
    const counted = at(from, `${seenPoint}${label(from)} ${label(to)} ${state}`);
    if (!isExact) continue;
    // IN is towards the VM. VPP copies before it finds that nobody has the port open.
    if ((state & 2) !== 0) add('seen', 'IN', counted.txPackets + counted.txErrors, counted.txBytes);
    if ((state & 1) !== 0) add('seen', 'OUT', counted.rxPackets, counted.rxBytes);
    seen += (state & 1) === 0 ? 0n : counted.rxPackets;
    seen += (state & 2) === 0 ? 0n : counted.txPackets + counted.txErrors;
  }
  let copied = 0n;

  let [filtered, thinned] = [0n, 0n];
  let dropped = 0n;
  for (const entry of tap.entries) {
    const { index, direction, policer } = entry;
    const counted = at(index, `entry ${label(index)} ${direction}`);
    const packets = half(counted.txPackets, `half ${label(index)}`, carry);
    const bytes = half(counted.txBytes, `half bytes ${label(index)}`, carry);
    if (tap.out.length === 0) add('copied', direction, packets, bytes);
    copied += packets;
    dropped += counted.drops;
    const over = policer && gains.before.has(`entry ${label(index)} ${direction}`) ? gains.policed(policer) : null;
    if (policer) add('thinned', direction, over?.droppedPackets ?? 0n, over?.droppedBytes ?? 0n);
    thinned += over?.droppedPackets ?? 0n;
    if (entry.filtered) {
      const unwanted = filteredBy(entry, counted.drops, over?.droppedPackets ?? 0n, at, label, carry);
      add('filtered', direction, unwanted);
      filtered += unwanted;
    }
    if (tap.leavesUncounted) add('sent', direction, packets - counted.drops > 0n ? packets - counted.drops : 0n);
  }

  let left = 0n;
  for (const { index } of tap.out) {
    const counted = at(index, `out ${label(index)}`);
    add('sent', 'BOTH', counted.txPackets, counted.txBytes);
    left += counted.txPackets;
  }
  const gone = isExact ? goneSources(gains.before, points) : [];
  const unread = (tap.out.length > 0 ? left : copied) - seen;
  if (gone.length > 0 && unread > 0n) add('seen', directionOf(gone), unread);
  for (const index of tap.in) {
    const counted = at(index, `in ${label(index)}`);
    dropped += counted.drops;
    add('arrived', 'BOTH', counted.rxPackets, counted.rxBytes);
  }
  if (tap.receipts !== null) {
    const counted = at(tap.receipts, `receipts ${label(tap.receipts)}`);
    dropped += counted.drops;
    add('receipts', 'BOTH', counted.rxPackets, counted.rxBytes);
  }
  if (tap.collector) {
    const { port, egress, shared } = tap.collector;
    const wire = at(port, `port ${label(port)}`);
    let [offered, bytes] = [0n, 0n];
    for (const index of egress) {
      // The word of the first state files: by another the counts of an upgrade's time would be left out.
      const counted = at(index, `way ${label(index)}`);
      offered += counted.txPackets;
      bytes += counted.txBytes;
    }
    const noVm = claim(wire.txErrors, dropped - thinned - filtered, `no_vm ${label(port)}`, carry);
    add('offered', 'BOTH', offered + noVm, bytes);
    add('no_vm', 'BOTH', noVm);
    if (shared) unknown.push('ring_dropped', 'delivered');
    else {
      const ring = claim(wire.drops, offered, `ring ${label(port)}`, carry);
      add('ring_dropped', 'BOTH', ring);
      add('delivered', 'BOTH', offered - ring);
    }
  }

  let missed: bigint | null = null;
  for (const { from, state } of tap.missing) {
    const counted = at(from, `missed ${label(from)} ${state}`);
    missed = (missed ?? 0n) + ((state & 1) !== 0 ? counted.rxPackets : 0n);
    missed += (state & 2) !== 0 ? counted.txPackets + counted.txErrors : 0n;
  }
  return { stages, unknown, missed, points };
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
  { index, wires }: EntryPoint,
  drops: bigint,
  thinned: bigint,
  at: (index: number, point: string) => Counted,
  label: (index: number) => string,
  carry: Carry,
): bigint {
  const key = `filtered ${label(index)}`;
  const open = drops - thinned + (carry.get(key) ?? 0n);
  let spoilt = 0n;
  for (const wire of wires) spoilt += at(wire, `wire ${label(wire)}`).txErrors;
  const rest = open - claim(spoilt, open, `spoilt ${label(index)}`, carry);
  // Counters are read one after the other: the policer's may be ahead.
  keep(carry, key, rest < 0n ? rest : 0n);
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
