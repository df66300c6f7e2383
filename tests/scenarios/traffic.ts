import { type Capture, type Frame, settled } from '@taas/lab';
import { compareFrames } from '@taas/packets';
import type { Collector, TapLab, TestVm } from './tap-lab.js';

interface Sent {
  readonly frame: Frame;
  /** When the switch had taken it, in ms of the lab's clock. */
  readonly at: number;
}

/** What became of the copies while something moved. */
export interface Gap {
  /** Copies that did not come. */
  readonly lost: number;
  /** From the last frame of those that were copied before the first loss to the first one that was copied after it; 0 without loss. */
  readonly ms: number;
  readonly duplicated: number;
  readonly foreign: number;
}

/** A VM that talks without a pause, wherever it is, and collectors that are given copies of it, wherever they are. */
export class Traffic {
  readonly #sent: Sent[] = [];
  readonly #captures: Capture[] = [];
  readonly #stop = new AbortController();
  #talking: Promise<void> | undefined;

  constructor(
    private readonly lab: TapLab,
    /** The VM may be moved by giving it another place. */
    public vm: TestVm,
  ) {}

  /** What this port is given counts too. */
  async listen({ node, port }: Collector): Promise<void> {
    this.#captures.push(await this.lab.cloud.node(node).switch.capture(port));
  }

  talk(): void {
    this.#talking = (async () => {
      while (!this.#stop.signal.aborted) {
        const frames = this.lab.frames(4);
        await this.lab.sends(this.vm, frames);
        const at = this.lab.clock.monotonic();
        this.#sent.push(...frames.map((frame) => ({ frame, at })));
        await this.lab.clock.sleep(1);
      }
    })();
  }

  /** Resolves when so many more frames have been sent. */
  async more(count: number): Promise<void> {
    const until = this.#sent.length + count;
    while (this.#sent.length < until) await this.lab.clock.sleep(5);
  }

  /** Ends it. */
  async gap(): Promise<Gap> {
    this.#stop.abort();
    await this.#talking;
    const copies: Frame[] = [];
    for (const capture of this.#captures) {
      await settled(capture, this.lab.clock, { atLeast: 0 });
      copies.push(...(await capture.stop()));
    }
    const { lost, duplicated, foreign } = compareFrames(
      this.#sent.map(({ frame }) => frame),
      copies,
    );
    const missing = new Set(lost);
    const first = this.#sent.findIndex(({ frame }) => missing.has(frame));
    const last = this.#sent.findLastIndex(({ frame }) => missing.has(frame));
    const before = this.#sent[first - 1]?.at ?? this.#sent[first]?.at ?? 0;
    const after = this.#sent[last + 1]?.at ?? this.#sent[last]?.at ?? 0;
    return {
      lost: lost.length,
      ms: Math.round(after - before),
      duplicated: duplicated.length,
      foreign: foreign.length,
    };
  }
}
