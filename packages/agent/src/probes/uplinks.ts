import type { Uplinks } from '../presence/uplinks.js';
import { clean, type Probe } from './probe.js';

/**
 * Polls the uplinks of a VPP whose bits mean nothing to us: what other nodes may send on their networks depends on them all the
 * same. Where the bits are known, the drift probe does so.
 */
export function uplinksProbe(intervalMs: number, isJudged: () => boolean, uplinks: Pick<Uplinks, 'look'>): Probe {
  return {
    name: 'the uplinks',
    interval: () => intervalMs,
    share: 0.1,
    enabled: () => !isJudged(),
    run: async ({ reader }) => {
      await reader.readInterfaces();
      await uplinks.look(reader);
      return clean;
    },
  };
}
