import type { StageFigure, TapStatistics } from '../api/statistics.js';

/** What a source port sends and receives in a second, in the directions that were asked for. */
export interface SourceRate {
  readonly packetsPerSecond: number;
  /** Null where bytes are not counted. */
  readonly bitsPerSecond: number | null;
}

/** Why a rate is not known, for people. */
export interface Unknown {
  readonly unknown: string;
}

/**
 * The rate of a source by what a tap has counted of it at two times; without filter, which thins the copies out afterwards.
 * @param directions IN, OUT or both of them: all must have been counted
 */
export function sourceRate(
  before: TapStatistics,
  after: TapStatistics,
  directions: ReadonlySet<'IN' | 'OUT'>,
): SourceRate | Unknown {
  const { asOf: from } = before;
  const { asOf: to } = after;
  if (from === null || to === null) return { unknown: 'the nodes of the tap that counts the port have told nothing' };
  if (to <= from) return { unknown: 'no newer figures have come in time' };
  const [was, is] = [seenIn(before, directions), seenIn(after, directions)];
  if (was === null || is === null) return { unknown: 'the tap that counts the port does not tell what it has seen' };
  if (is.packets < was.packets) return { unknown: 'the figures began anew meanwhile' };
  const perSecond = (gained: bigint) => Math.round((Number(gained) * 1000) / (to - from));
  return {
    packetsPerSecond: perSecond(is.packets - was.packets),
    bitsPerSecond: is.bytes === null || was.bytes === null ? null : perSecond((is.bytes - was.bytes) * 8n),
  };
}

function seenIn(
  { stages }: TapStatistics,
  directions: ReadonlySet<'IN' | 'OUT'>,
): Pick<StageFigure, 'packets' | 'bytes'> | null {
  const seen = stages.filter(({ stage }) => stage === 'seen');
  const told = new Set(seen.map(({ direction }) => direction));
  // What is counted only together is good for both together.
  const together = told.has('BOTH') && directions.size === 2;
  if (!together && ![...directions].every((each) => told.has(each))) return null;
  const fitting = seen.filter(({ direction }) => (direction === 'BOTH' ? together : directions.has(direction)));
  return fitting.reduce<Pick<StageFigure, 'packets' | 'bytes'>>(
    (sum, { packets, bytes }) => ({
      packets: sum.packets + packets,
      bytes: sum.bytes === null || bytes === null ? null : sum.bytes + bytes,
    }),
    { packets: 0n, bytes: 0n },
  );
}

/** What a tap copies of its port, by the attributes that it is made with. */
export function directionsOf({ direction, directions }: Readonly<Record<string, unknown>>): ReadonlySet<'IN' | 'OUT'> {
  const named = typeof direction === 'string' ? [direction] : Object.keys(Object(directions));
  if (named.includes('BOTH')) return new Set(['IN', 'OUT']);
  return new Set((['IN', 'OUT'] as const).filter((each) => named.includes(each)));
}
