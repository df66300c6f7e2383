import type { TapStatistics } from '../api/statistics.js';

/** What was counted of a tap, up to some time, as far as a report needs it. */
export interface Counted {
  /** When the oldest of its figures began, and when the latest was read: milliseconds since 1970; null if nobody has said. */
  readonly since: number | null;
  readonly asOf: number | null;
  /** By `<stage> <direction>`. */
  readonly stages: ReadonlyMap<string, bigint>;
  readonly lost: ReadonlyMap<string, bigint>;
  /** Time without copies by cause, in ms, summed over nodes. */
  readonly gaps: ReadonlyMap<string, number>;
  readonly unaccounted: bigint | null;
  readonly completeness: number | null;
}

export function countedOf(figures: TapStatistics): Counted {
  const { since, asOf, unaccounted, completeness, lost } = figures;
  return {
    since,
    asOf,
    unaccounted,
    completeness,
    lost,
    stages: new Map(figures.stages.map(({ stage, direction, packets }) => [`${stage} ${direction}`, packets])),
    gaps: new Map(figures.gaps.map(({ cause, milliseconds }) => [cause, milliseconds])),
  };
}

/**
 * What was counted between two times.
 * @returns null if that cannot be told: something has been counted anew, or is not counted any more
 */
export function between(before: Counted, after: Counted): Counted | null {
  if (before.asOf === null || after.asOf === null || after.asOf < before.asOf) return null;
  // The first of its nodes stays the first, unless what was counted is lost.
  if (before.since === null || after.since === null || after.since > before.since) return null;
  const stages = gained(before.stages, after.stages);
  const gaps = gained(before.gaps, after.gaps);
  if (stages === null || gaps === null) return null;
  // What was in progress at the first time may have arrived since: those two are told by comparing counters that are not read at once.
  const lost = gained(before.lost, after.lost, ['underlay', 'unaccounted']);
  if (lost === null) return null;
  const unaccounted =
    before.unaccounted === null || after.unaccounted === null ? null : after.unaccounted - before.unaccounted;
  const known = after.completeness !== null && before.completeness !== null;
  return {
    since: before.asOf,
    asOf: after.asOf,
    stages,
    lost,
    gaps,
    unaccounted,
    completeness: known ? completenessOf(stages, lost) : null,
  };
}

/** What each has gained; null if one has become less, or is not there any more. @param loose those that may become less: 0 then */
function gained<T extends bigint | number>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  loose: readonly string[] = [],
): Map<string, T> | null {
  const found = new Map<string, T>();
  for (const name of before.keys()) if (!after.has(name) && !loose.includes(name)) return null;
  for (const [name, is] of after) {
    const was = before.get(name);
    if (was !== undefined && is < was && !loose.includes(name)) return null;
    found.set(name, was === undefined ? is : less(is, was));
  }
  return found;
}

/** The difference, and not below 0. */
function less<T extends bigint | number>(is: T, was: T): T;
function less(is: bigint | number, was: bigint | number): bigint | number {
  if (typeof is === 'bigint') return typeof was === 'bigint' && is > was ? is - was : 0n;
  return typeof was === 'number' && is > was ? is - was : 0;
}

const precision = 1_000_000n;

/** As the API has it: the share of what was asked for that was not lost, rounded down; null where nothing was asked for. */
function completenessOf(stages: ReadonlyMap<string, bigint>, lost: ReadonlyMap<string, bigint>): number | null {
  const at = (stage: string) => packetsAt(stages, stage);
  const seen = at('seen') ?? at('copied');
  if (seen === null) return null;
  const asked = seen + (lost.get('not_mirrored') ?? 0n) - (at('filtered') ?? 0n);
  if (asked <= 0n) return null;
  const losses = [...lost.values()].reduce((sum, each) => sum + each, 0n);
  return Number(((losses > asked ? 0n : asked - losses) * precision) / asked) / Number(precision);
}

/** All packets of a stage; null if nobody counts it. */
export function packetsAt(stages: ReadonlyMap<string, bigint>, stage: string): bigint | null {
  const found = [...stages].filter(([name]) => name.startsWith(`${stage} `));
  return found.length === 0 ? null : found.reduce((sum, [, packets]) => sum + packets, 0n);
}
