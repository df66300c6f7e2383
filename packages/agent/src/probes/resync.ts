import { noTaps } from '../wanted/tap-ids.js';
import type { Probe } from './probe.js';

/** Reads all of VPP: what no other probe sees is seen by this one. */
export function resyncProbe(intervalMs: number): Probe {
  return {
    name: 'everything',
    interval: () => intervalMs,
    share: 0.5,
    enabled: () => true,
    run: async ({ reader }) => {
      await reader.readAll();
      return { taps: noTaps(), everything: true };
    },
  };
}
