import type { StateEntry } from '../report/state-writer.js';
import { splitTapName, type TapName, tapName } from '../wanted/tap-ids.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import type { Answers } from './answers.js';
import type { Counting } from './counting.js';
import { endingTaps, isEnding } from './ending-taps.js';

type Known = Pick<WantedFollower, 'complete' | 'wanted'>;

/** Before all records are known it cannot be told: then it may be. */
export function mayBeEnding({ complete, wanted }: Known, name: TapName): boolean {
  return !complete || isEnding(splitTapName(name), wanted);
}

export interface LastFiguresFrom {
  readonly wanted: Known;
  readonly counting: Counting;
  readonly answers: Answers;
}

/** Tells the last figures of taps that are gone, and then notes with each of them how that went. */
export async function withLastFigures(
  { wanted: { wanted }, counting, answers }: LastFiguresFrom,
  removed: readonly StateEntry[],
  signal: AbortSignal,
): Promise<readonly StateEntry[]> {
  const stands = (flow: string) => counting.states.has(tapName('tap_flows', flow));
  await answers.last(endingTaps(removed, wanted, stands), signal);
  return removed.map((entry) => {
    const figures = answers.lastOf(entry);
    return figures ? { ...entry, figures } : entry;
  });
}
