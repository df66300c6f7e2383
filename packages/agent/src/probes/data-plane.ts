import { affectedTaps } from '../wanted/affected-taps.js';
import type { WantedFollower } from '../wanted/wanted-follower.js';
import type { CopyWatch } from './copy-watch.js';
import { clean, type Probe } from './probe.js';

/** Polls whether copies move where traffic does. */
export function dataPlaneProbe(intervalMs: number, copies: CopyWatch, wanted: Pick<WantedFollower, 'wanted'>): Probe {
  return {
    name: 'the copies',
    interval: () => intervalMs,
    share: 0.05,
    enabled: () => true,
    attach: () => copies.attach(),
    run: async ({ vpp }) => {
      const tags = await copies.look(vpp);
      const { noCopies } = copies;
      // Where nothing is copied though all looks right, there may be something that only a resync sees.
      return { taps: affectedTaps(tags, wanted.wanted), everything: tags.some((tag) => noCopies.has(tag)) };
    },
    otherwise: () => clean,
  };
}
