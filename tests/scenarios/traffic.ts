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
  /** From the last frame before the first loss to the first one after the last loss; 0 without loss. */
  readonly ms: number;
  readonly duplicated: number;
  readonly foreign: number;
}

/** A VM that talks without a pause, and a collector that reads copies of that; each wherever it is at the moment. */
export class Traffic {
  readonly #sent: Sent[] = [];
  readonly #copies: Frame[] = [];
  readonly #captures: Capture[] = [];
  readonly #stop = new AbortController();
  #talking: Promise<void> | undefined;

  constructor(
    private readonly lab: TapLab,
    /** The VM may be moved by giving it another place. */
    public vm: TestVm,
    /** What the copies were, if they are captured in tunnels. */
    private readonly unwrapped: (captured: readonly Frame[]) => Promise<readonly Frame[]> = async (frames) => frames,
  ) {}

  /** The collector's VM is here from now on: what its port is given elsewhere nobody sees. */
  async readsAt(at: Collector): Promise<void> {
    await this.#read();
    await this.readsAlsoAt(at);
  }

  /** Copies may come out here, too. */
  async readsAlsoAt({ node, port }: Collector): Promise<void> {
    this.#captures.push(await this.lab.cloud.node(node).switch.capture(port));
  }

  async #read(): Promise<void> {
    for (const capture of this.#captures.splice(0)) this.#copies.push(...(await this.unwrapped(await capture.stop())));
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
    for (const capture of this.#captures) await settled(capture, this.lab.clock, { atLeast: 0 });
    await this.#read();
    const { lost, duplicated, foreign } = compareFrames(
      this.#sent.map(({ frame }) => frame),
      this.#copies,
    );
    const ms = Math.round(this.#span(new Set(lost)));
    return { lost: lost.length, ms, duplicated: duplicated.length, foreign: foreign.length };
  }

  /** From the last frame before the first of these to the first one after the last of them. */
  #span(missing: ReadonlySet<Frame>): number {
    if (missing.size === 0) return 0;
    const first = this.#sent.findIndex(({ frame }) => missing.has(frame));
    const last = this.#sent.findLastIndex(({ frame }) => missing.has(frame));
    const at = (index: number) => this.#sent[Math.min(Math.max(index, 0), this.#sent.length - 1)]?.at ?? 0;
    return at(last + 1) - at(first - 1);
  }
}
