import type { LabPort, LabSwitch } from '@taas/lab';
import { compareFrames } from '@taas/packets';
import type { Clock } from '@taas/service';
import { expect } from 'vitest';
import { distinctFrame } from './distinct-frames.js';

/** A port, and the switch that it is at. */
export interface PortAt {
  readonly at: LabSwitch;
  readonly port: LabPort;
}

/**
 * All sources send without a pause while something happens; the collector must be given every frame once.
 * @param serial of the next frame; no two frames are alike
 */
export async function withoutLoss(
  { sources, collector, clock }: { sources: readonly PortAt[]; collector: PortAt; clock: Clock },
  serial: () => number,
  what: () => Promise<void>,
): Promise<void> {
  const capture = await collector.at.capture(collector.port);
  const talk = new AbortController();
  const sent: Uint8Array[] = [];
  const talking = (async () => {
    // On a busy machine little is sent meanwhile: it goes on until there is something to count.
    while (!talk.signal.aborted || sent.length <= 100) {
      for (const { at, port } of sources) {
        const some = Array.from({ length: 10 }, () => distinctFrame(serial()));
        await at.send(port, some);
        sent.push(...some);
      }
      await clock.sleep(2);
    }
  })();
  try {
    await what();
  } finally {
    talk.abort();
    await talking;
  }
  const { matched, lost, duplicated, foreign } = compareFrames(sent, await capture.stop());
  const counts = { matched, lost: lost.length, duplicated: duplicated.length, foreign: foreign.length };
  expect(counts).toEqual({ matched: sent.length, lost: 0, duplicated: 0, foreign: 0 });
}
