import { affectedTaps } from '../wanted/affected-taps.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import type { BudgetKeeper, ReadPolicers } from './budget-keeper.js';
import { clean, type Probe } from './probe.js';

/** Polls what taps copy, where there is a budget for it: those that are thinned, suspended or tried again are dirty. */
export function budgetProbe(
  intervalMs: number,
  budget: BudgetKeeper,
  wanted: Pick<WantedFollower, 'wanted'>,
  read: ReadPolicers,
): Probe {
  return {
    name: 'the load',
    interval: () => intervalMs,
    share: 0.05,
    enabled: () => budget.policedKbps !== null,
    decides: true,
    attach: (vpp) => budget.attach(vpp),
    run: async ({ vpp }, now) => ({
      taps: affectedTaps(await budget.look(vpp, now, read), wanted.wanted),
      everything: false,
    }),
    otherwise: () => clean,
  };
}
