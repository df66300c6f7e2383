import { readFileSync } from 'node:fs';

/** A lap of a server's event loop, as lap-meter.mjs writes it down. */
export interface Lap {
  /** When it ended, in ms since the epoch. */
  readonly at: number;
  /** Processor time at most, in ms. */
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
  readonly longest: number;
  /** The longest time that passed. */
  readonly longestWall: number;
  /** Laps that took more than the limit. */
  readonly above: number;
}

export function summarize(laps: readonly Lap[], from: number, to: number, limit: number): LapSummary {
  const own = laps.filter(({ at }) => at >= from && at <= to + 1);
  return {
    longest: own.reduce((most, { ms }) => Math.max(most, ms), 0),
    longestWall: own.reduce((most, { wall }) => Math.max(most, wall), 0),
    above: own.filter(({ ms }) => ms > limit).length,
  };
}
