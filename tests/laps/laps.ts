import { readFileSync } from 'node:fs';

/** A lap of a server's event loop, or a pause of garbage collection, as lap-meter.mjs writes them down. */
export interface Lap {
  readonly kind: 'lap' | 'gc';
  /** When it ended, in ms since the epoch. */
  readonly at: number;
  /** Time for which the event loop was kept, in ms: without the time for which it waited for a processor. */
  readonly ms: number;
  /** Time that passed, in ms: more where others had the processor. */
  readonly wall: number;
}

export function readLaps(file: string): readonly Lap[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Lap);
}

/** What a kind of request did to the event loop between two times, in ms since the epoch. */
export interface LapSummary {
  /** In ms. */
  readonly longest: number;
  /** Likewise, without the pauses of garbage collection in it. */
  readonly longestOwn: number;
  /** The longest time that passed, in ms. */
  readonly longestWall: number;
  /** Laps that took more than the limit, and those that did without garbage collection. */
  readonly above: number;
  readonly aboveOwn: number;
}

export function summarize(laps: readonly Lap[], from: number, to: number, limit: number): LapSummary {
  const all = laps.filter(({ at }) => at >= from && at <= to + 5);
  const pauses = all.filter(({ kind }) => kind === 'gc');
  const own = all
    .filter(({ kind }) => kind === 'lap')
    .map((lap) => {
      const inside = pauses.filter(({ at, wall }) => at - wall >= lap.at - lap.wall && at <= lap.at);
      // Neither what passed outside of the pauses nor the processor time can be less than what the lap itself has used.
      const paused = inside.reduce((sum, { wall }) => sum + wall, 0);
      return { ...lap, own: Math.min(lap.ms, Math.max(0, lap.wall - paused)) };
    });
  const most = (of: readonly number[]) => of.reduce((longest, each) => Math.max(longest, each), 0);
  return {
    longest: most(own.map(({ ms }) => ms)),
    longestOwn: most(own.map((lap) => lap.own)),
    longestWall: most(own.map(({ wall }) => wall)),
    above: own.filter(({ ms }) => ms > limit).length,
    aboveOwn: own.filter((lap) => lap.own > limit).length,
  };
}
