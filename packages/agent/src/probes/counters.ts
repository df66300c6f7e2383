import type { Counting } from '../statistics/counting.js';
import { clean, type Probe } from './probe.js';

/**
 * Figures that are asked for are written every five seconds, and are promised to be ten seconds old at most; a reading takes long where
 * the machine is busy, above all the first. By the command line it stops VPP's workers: there the share holds, and old figures are said to be old.
 */
const longestMs = 4_000;

/** @param isUrgent somebody asks for figures, and reading them stops no worker of VPP's */
export function countersProbe(intervalMs: number, counting: Pick<Counting, 'count'>, isUrgent: () => boolean): Probe {
  return {
    name: 'the counters',
    interval: () => intervalMs,
    share: 0.05,
    longestMs: () => (isUrgent() ? longestMs : null),
    enabled: () => true,
    run: async (session) => {
      await counting.count(session);
      return clean;
    },
    otherwise: () => clean,
  };
}
