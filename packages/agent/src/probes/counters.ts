import type { Counting } from '../statistics/counting.js';
import { clean, type Probe } from './probe.js';

/** Polls VPP's counters for what taps have copied. No tap is dirty for it. */
export function countersProbe(intervalMs: number, counting: Pick<Counting, 'count'>): Probe {
  return {
    name: 'the counters',
    interval: () => intervalMs,
    share: 0.05,
    enabled: () => true,
    run: async (session) => {
      await counting.count(session);
      return clean;
    },
    otherwise: () => clean,
  };
}
