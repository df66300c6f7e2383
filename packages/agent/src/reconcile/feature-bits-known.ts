import type { Logger } from '@taas/service';
import type { AgentConfig } from '../config.js';
import { FeatureBitsError } from '../vpp/feature-bits.js';
import type { VppSession } from '../vpp/vpp-session.js';

/** `anew`: since just now; `not`, and why; `still not`: nobody has tried again yet. */
export type Known = { readonly is: 'yes' | 'anew' } | { readonly is: 'not' | 'still not'; readonly reason: string };

/**
 * Whether it is known what the bits in this VPP's answers mean. As long as it is not, nothing is called ACTIVE and nothing is changed: a
 * plan made from what nobody can read would open what is to be shut.
 */
export class FeatureBitsKnown {
  #failed: { readonly reason: string; readonly again: number; readonly times: number } | null = null;

  constructor(
    private readonly intervals: Pick<AgentConfig['intervals'], 'retry_first_ms' | 'retry_max_ms'>,
    private readonly logger: Logger,
  ) {}

  /** False only where it has been tried, and failed. */
  get isKnown(): boolean {
    return this.#failed === null;
  }

  /** Begins anew: another VPP may mean something else. */
  attach(): void {
    this.#failed = null;
  }

  /** @param now milliseconds on the monotonic clock @throws the connection's error when VPP is lost meanwhile */
  async check(session: VppSession, now: number): Promise<Known> {
    const failed = this.#failed;
    if (failed !== null && now < failed.again) return { is: 'still not', reason: failed.reason };
    try {
      await session.learn();
      this.#failed = null;
      return { is: failed === null ? 'yes' : 'anew' };
    } catch (error) {
      if (!(error instanceof FeatureBitsError)) throw error;
      this.logger.error(
        { cause: error.message },
        'which bit of VPP is which feature cannot be found out; no tap is called ACTIVE',
      );
      const times = (failed?.times ?? 0) + 1;
      const { retry_first_ms: first, retry_max_ms: most } = this.intervals;
      const reason = `this node's VPP ${session.vpp.version.version} cannot be judged: ${error.message}`;
      this.#failed = { reason, again: now + Math.min(most, first * 2 ** Math.min(times - 1, 20)), times };
      return { is: 'not', reason };
    }
  }
}
