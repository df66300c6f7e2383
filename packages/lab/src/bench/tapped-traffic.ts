import type { Clock } from '@taas/service';
import type { LabPort } from '../lab-switch.js';
import type { RealSwitch } from '../real-switch.js';

const stretchMs = 100;
/** Of the copies that are due in a stretch: the generator's pace wavers by a frame or two of each source. */
const wholly = 0.95;

/** Sources that send side by side at the same pace, and collectors; all in one VPP with a worker, each in a network of its own. */
export class TappedTraffic {
  constructor(
    private readonly lab: RealSwitch,
    private readonly sources: readonly LabPort[],
    private readonly collectors: readonly LabPort[],
    private readonly clock: Clock,
  ) {}

  /**
   * Has every source send.
   * @param rate frames a second of each source
   * @param frames of each source
   */
  async start(rate: number, frames: number): Promise<void> {
    for (const [n, source] of this.sources.entries()) {
      await this.lab.cli(
        `packet-generator new { name ${streamOf(n)} limit ${frames} rate ${rate} size 100-100 worker 0 ` +
          `interface ${this.lab.nameOf(source)} node ethernet-input data { IP4: 02:00:00:00:00:01 -> ` +
          '02:00:00:00:00:02 UDP: 10.0.0.1 -> 10.0.0.2 UDP: 1234 -> 2345 incrementing 58 } }',
      );
      await this.lab.cli(`packet-generator enable-stream ${streamOf(n)}`);
    }
  }

  /** Whether every source has still something to send. */
  async running(): Promise<boolean> {
    const text = await this.lab.cli('show packet-generator');
    return this.sources.every((_, n) => new RegExp(`^${streamOf(n)}\\s+Yes`, 'm').test(text));
  }

  /** Resolves when all has been sent, and nothing is on its way any more. (VPP may crash when a stream is cut short.) */
  async done(): Promise<void> {
    while (/^source\d+\s+Yes/m.test(await this.lab.cli('show packet-generator'))) await this.clock.sleep(20);
    for (const n of this.sources.keys()) await this.lab.cli(`packet-generator delete ${streamOf(n)}`);
    let before = await this.copies();
    for (;;) {
      await this.clock.sleep(stretchMs);
      const now = await this.copies();
      if (now === before) return;
      before = now;
    }
  }

  /** Frames that the collectors have been given; what sources have sent VPP counts by the 256, too late to compare. */
  async copies(): Promise<number> {
    const counters = await this.lab.counters();
    return this.collectors.reduce((sum, port) => sum + (counters.get(this.lab.indexOf(port))?.txPackets ?? 0), 0);
  }

  /**
   * Waits until the collectors are given copies at the pace that is due.
   * @param due copies a second
   * @returns monotonic milliseconds at the beginning of the first stretch of {@link stretchMs} in which they were
   * @throws Error when it is not so within `timeoutMs`
   */
  async copiedWholly(due: number, timeoutMs: number): Promise<number> {
    const deadline = this.clock.monotonic() + timeoutMs;
    const seen: { at: number; copies: number }[] = [];
    for (;;) {
      const now = { at: this.clock.monotonic(), copies: await this.copies() };
      const since = seen.findLast(({ at }) => now.at - at >= stretchMs);
      const wanted = since && (due * (now.at - since.at)) / 1_000;
      if (since && wanted && now.copies - since.copies >= wanted * wholly) return since.at;
      if (now.at > deadline)
        throw new Error(
          `not within ${timeoutMs} ms: ${wanted} copies in a stretch, ${now.copies - (since?.copies ?? 0)}`,
        );
      seen.push(now);
      await this.clock.sleep(5);
    }
  }
}

const streamOf = (n: number): string => `source${n}`;
