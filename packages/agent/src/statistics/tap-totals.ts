import {
  type Amount,
  type Gap,
  type GapCause,
  gapCauses,
  inOrder,
  type Stage,
  type StageCount,
  stageCount,
  stages,
} from '@taas/model';
import type { Direction } from '@taas/wiring';
import type { Carry } from './stage-gains.js';

/** What has been counted of a tap in its stay on the node. */
export interface TapTotals {
  /** Milliseconds since 1970. */
  since: number;
  readonly amounts: Map<string, { readonly stage: Stage; readonly direction: Direction; amount: Amount }>;
  readonly gaps: Map<GapCause, { milliseconds: number; packets: bigint | null }>;
  /** What could not be told at some time of the stay: the sum would be short of that. */
  unknown: Set<Stage>;
  points: ReadonlySet<string>;
  readonly carry: Carry;
  /** As they were told last; null: something has been counted since. */
  figures: Figures | null;
}

/** What has been counted of a tap, as records have it. Never changed: who has them may keep them. */
export interface Figures {
  readonly since: number;
  readonly stages: readonly StageCount[];
  readonly gaps: readonly Gap[];
}

/** 64 bits, as a record has room for; at 100 million packets a second that is 5,000 years. */
const most = 2n ** 64n - 1n;
const capped = (value: bigint): bigint => (value > most ? most : value);

/** Less than nothing: told before, and not counted again yet. */
const notNegative = (value: bigint): bigint => (value < 0n ? 0n : value);

/** Made once: it is looked up by it at every reading. */
const amountKeys = Object.fromEntries(
  stages.map((stage) => [stage, { IN: `${stage} IN`, OUT: `${stage} OUT`, BOTH: `${stage} BOTH` }]),
) as Readonly<Record<Stage, Readonly<Record<Direction, string>>>>;

/** A stage can be told no more, for the rest of the stay. */
export function learnUnknown(totals: TapTotals, stage: Stage): void {
  totals.figures = null;
  totals.unknown.add(stage);
}

/** Adds to a stage; with 0 it is there. */
export function addTo(totals: TapTotals, stage: Stage, direction: Direction, amount: Amount): void {
  const { amounts } = totals;
  const key = amountKeys[stage][direction];
  const known = amounts.get(key);
  if (!known) {
    totals.figures = null;
    amounts.set(key, { stage, direction, amount: sum({ packets: 0n, bytes: 0n }, amount) });
    return;
  }
  const isByteless = amount.bytes === 0n || (amount.bytes === null && known.amount.bytes === null);
  if (amount.packets === 0n && isByteless) return;
  totals.figures = null;
  known.amount = sum(known.amount, amount);
}

/** What is told of them. */
export function figuresOf({ since, amounts, gaps, unknown }: TapTotals): Figures {
  const counts: StageCount[] = [];
  for (const { stage, direction, amount } of amounts.values()) {
    if (unknown.has(stage)) continue;
    const bytes = amount.bytes === null ? null : notNegative(amount.bytes);
    counts.push(stageCount(stage, direction, { packets: notNegative(amount.packets), bytes }));
  }
  const ordered: Gap[] = [];
  for (const cause of gapCauses) {
    const gap = gaps.get(cause);
    if (!gap) continue;
    const { milliseconds, packets } = gap;
    ordered.push(
      packets === null ? { cause, milliseconds } : { cause, milliseconds, packets: String(notNegative(packets)) },
    );
  }
  return { since, stages: inOrder(counts), gaps: ordered };
}

const sum = (a: Amount, b: Amount): Amount => ({
  packets: capped(a.packets + b.packets),
  bytes: a.bytes === null || b.bytes === null ? null : capped(a.bytes + b.bytes),
});
