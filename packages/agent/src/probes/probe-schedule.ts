import type { Clock } from '@taas/service';
import type { Contained } from '../contained.js';
import type { VppSession } from '../vpp/vpp-session.js';
import type { Dirty, Probe } from './probe.js';

/** When a probe was run last, and how long that took, in ms. */
interface Timing {
  readonly at: number;
  readonly cost: number;
}

const never: Timing = { at: Number.NEGATIVE_INFINITY, cost: 0 };

/** When each probe is due: its interval after it was run last, or later where it would take more than its share of time. */
export class ProbeSchedule {
  readonly #timings = new Map<Probe, Timing>();

  /** @param probes in the order in which they are to be run */
  constructor(
    private readonly probes: readonly Probe[],
    private readonly clock: Clock,
    private readonly contained: Contained,
  ) {}

  /** @param now on the monotonic clock, in ms, as everywhere here */
  isDue(probe: Probe, now: number): boolean {
    return probe.enabled() && this.#until(probe, now) <= 0;
  }

  /** Milliseconds until the next one is due. */
  untilNext(now: number): number {
    const enabled = this.probes.filter((probe) => probe.enabled());
    return Math.max(0, Math.min(...enabled.map((probe) => this.#until(probe, now))));
  }

  /**
   * Runs a probe, due or not.
   * @throws VppError when VPP is lost, and whatever a probe fails with that the pass cannot do without: it stays due
   */
  async run(probe: Probe, session: VppSession): Promise<Dirty> {
    const { name, otherwise } = probe;
    const start = this.clock.monotonic();
    const run = () => probe.run(session, start);
    const dirty = otherwise
      ? ((await this.contained.attemptAsync<Dirty | null>(`the poll of ${name}`, run, null, this.contained.endsWork)) ??
        otherwise())
      : await run();
    const at = this.clock.monotonic();
    this.#timings.set(probe, { at, cost: at - start });
    return dirty;
  }

  /** All that this probe would see was read for another reason: its interval begins anew. */
  seen(probe: Probe): void {
    this.#timings.set(probe, { ...this.#last(probe), at: this.clock.monotonic() });
  }

  /** It is due now. */
  hasten(probe: Probe): void {
    this.#timings.set(probe, { ...this.#last(probe), at: Number.NEGATIVE_INFINITY });
  }

  #last(probe: Probe): Timing {
    return this.#timings.get(probe) ?? never;
  }

  #until(probe: Probe, now: number): number {
    const { at, cost } = this.#last(probe);
    const pause = Math.min(cost / probe.share, probe.longestMs?.() ?? Number.POSITIVE_INFINITY);
    return at + Math.max(probe.interval(), pause) - now;
  }
}
