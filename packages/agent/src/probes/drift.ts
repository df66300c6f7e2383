import type { Uplinks } from '../presence/uplinks.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import type { ChangedItems } from './changed-items.js';
import { clean, type Probe } from './probe.js';

/** Polls all of ours in VPP, and the uplinks: taps of which something is not as it was are dirty. */
export function driftProbe(
  intervalMs: number,
  items: Pick<ChangedItems, 'changes' | 'pollsAPass'>,
  wanted: Pick<WantedFollower, 'wanted'>,
  uplinks: Pick<Uplinks, 'look'>,
): Probe {
  let failedBefore = false;
  return {
    name: 'all of ours',
    // So many runs see everything once: they share the time until that is due.
    interval: () => intervalMs / items.pollsAPass,
    share: 0.1,
    enabled: () => true,
    run: async ({ reader }) => {
      // VPP does not tell when one is put into a bridge domain.
      await uplinks.look(reader);
      const { taps, untagged } = await items.changes(wanted.wanted, reader);
      failedBefore = false;
      return { taps, everything: untagged };
    },
    // It is left to a resync to say what the run would have seen, unless the one before failed, too.
    otherwise: () => {
      const everything = !failedBefore;
      failedBefore = true;
      return { ...clean, everything };
    },
  };
}
