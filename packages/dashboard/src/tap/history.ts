import type { Statistics } from '../api/shapes.js';

/** What was counted at one look. */
export interface Sample {
  /** In ms, by a clock that never goes back. */
  readonly at: number;
  readonly seen: number;
  readonly delivered: number;
  readonly lost: number;
}

/** Packets a second between two looks. */
export interface Rate {
  readonly at: number;
  readonly seen: number;
  readonly delivered: number;
  readonly lost: number;
}

/** An hour of looks every five seconds. */
const mostSamples = 720;

export const sumOf = (statistics: Statistics, stage: string): number | null => {
  const found = statistics.stages.filter((each) => each.stage === stage);
  return found.length === 0 ? null : found.reduce((sum, { packets }) => sum + packets, 0);
};

/** Whose figure of what has come out at the end is drawn: nobody counts a flow's by itself where it shares its way with others. */
export function deliveredBy(
  statistics: Statistics,
): { readonly packets: number; readonly whose: 'tap' | 'service' } | null {
  const own = sumOf(statistics, 'delivered') ?? sumOf(statistics, 'sent');
  if (own !== null) return { packets: own, whose: 'tap' };
  const shared = statistics.service ? sumOf(statistics.service, 'delivered') : null;
  return shared === null ? null : { packets: shared, whose: 'service' };
}

export function sampleOf(statistics: Statistics, at: number): Sample {
  const delivered = deliveredBy(statistics)?.packets ?? 0;
  const lost = statistics.lost.reduce((sum, { packets }) => sum + Math.max(0, packets), 0);
  return { at, seen: sumOf(statistics, 'seen') ?? 0, delivered, lost };
}

export const withSample = (samples: readonly Sample[], next: Sample): readonly Sample[] =>
  [...samples, next].slice(-mostSamples);

/** Counters that go back have begun anew: there is no rate across that. */
export function ratesOf(samples: readonly Sample[]): readonly Rate[] {
  return samples.slice(1).flatMap((sample, index) => {
    const before = samples[index];
    if (before === undefined) return [];
    const seconds = (sample.at - before.at) / 1000;
    const backwards = sample.seen < before.seen || sample.delivered < before.delivered;
    if (seconds <= 0 || backwards) return [];
    const rate = (name: 'seen' | 'delivered' | 'lost') => Math.max(0, sample[name] - before[name]) / seconds;
    return [{ at: sample.at, seen: rate('seen'), delivered: rate('delivered'), lost: rate('lost') }];
  });
}
