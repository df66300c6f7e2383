import { CaptureError, decodeCapture, encodePcap, sampleTraffic } from '@taas/packets';
import type { FuzzTarget } from '../fuzz-target.js';
import { ownMemory } from '../own-memory.js';
import { pcapngOf } from './sample-pcapng.js';
import { withoutValues } from './without-values.js';

/** Capture files, classic pcap and pcapng. */
export const captures: FuzzTarget = {
  name: 'captures',
  what: 'capture files (pcap, pcapng)',
  open: async () => {
    const sample = sampleTraffic({ vmMac: '02:00:00:00:00:01' }).map(({ frame }, n) => ({
      ...{ frame, timeNs: 1_700_000_000_000_000_000n + BigInt(n) },
    }));
    return {
      corpus: [encodePcap(sample), encodePcap(sample.slice(0, 1)), pcapngOf(sample)],
      dictionary: ['\n\r\r\n', '\x4d\x3c\x2b\x1a', '\x00\x00\x00\x06', '\x02\x00\x00\x00', '\x03\x00\x00\x00'],
      run: (input) => {
        try {
          return decodeCapture(input, 'input').length === 0 ? 'no frame' : 'frames';
        } catch (error) {
          if (error instanceof CaptureError) return `refused: ${withoutValues(error.problem)}`;
          throw error;
        }
      },
      memory: ownMemory,
      close: async () => undefined,
    };
  },
};
