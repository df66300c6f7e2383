import type { Frame } from '@taas/lab';
import type { Collector, TapLab } from './tap-lab.js';

/** A port that sends a few frames every few milliseconds. */
export interface Talk {
  /** What it has sent so far: when each burst was begun (monotonic milliseconds), and its frames. */
  readonly bursts: readonly { readonly at: number; readonly frames: readonly Frame[] }[];
  /** Resolves when `count` frames more have been sent. */
  more(count: number): Promise<void>;
  /** Ends it, and resolves with all that it has sent. @throws what sending threw */
  stop(): Promise<readonly Frame[]>;
}

/** Lets a port talk until it is stopped. */
export function talk(lab: TapLab, { node, port }: Collector, make = () => lab.frames(20)): Talk {
  const bursts: { at: number; frames: readonly Frame[] }[] = [];
  const end = new AbortController();
  let failure: unknown;
  const talking = (async () => {
    while (!end.signal.aborted) {
      const burst = { at: lab.clock.monotonic(), frames: make() };
      await lab.cloud.node(node).switch.send(port, burst.frames);
      bursts.push(burst);
      await lab.clock.sleep(5);
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  const sent = () => bursts.flatMap(({ frames }) => frames);
  return {
    bursts,
    more: async (count) => {
      const wanted = sent().length + count;
      await lab.eventually(async () => {
        if (failure !== undefined) throw failure;
        if (sent().length < wanted) throw new Error(`only ${sent().length} of ${wanted} frames are sent`);
      });
    },
    stop: async () => {
      end.abort();
      await talking;
      if (failure !== undefined) throw failure;
      return sent();
    },
  };
}
