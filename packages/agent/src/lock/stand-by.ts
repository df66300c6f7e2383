import type { Clock, LogFields, Logger } from '@taas/service';
import type { LockHolder, VppLock } from './vpp-lock.js';

export interface StandByOptions {
  readonly lock: VppLock;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What a line in the log says besides who is at work. */
  readonly fields: LogFields;
}

/** At least, between two lines in the log that say why this agent does nothing. */
const quietMs = 60_000;

/** Waits for the lock, and says whom it waits for. */
export class StandBy {
  #behind: LockHolder | 'unknown' | null = null;
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: StandByOptions) {}

  /** Who is at work instead; null while nobody is, as far as we know. */
  get behind(): LockHolder | 'unknown' | null {
    return this.#behind;
  }

  /** Resolves with true when the lock is ours, and with false when `signal` aborts before. */
  async over(signal: AbortSignal): Promise<boolean> {
    try {
      await this.options.lock.take((holder) => this.#say(holder ?? 'unknown'), signal);
      this.#behind = null;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  #say(behind: LockHolder | 'unknown'): void {
    this.#behind = behind;
    const { clock, logger, fields } = this.options;
    const now = clock.monotonic();
    if (now - this.#saidAt < quietMs) return;
    this.#saidAt = now;
    const message = 'another agent is at work on this VPP, so this one stands by: stop one of the two';
    logger.error({ at_work: behind, ...fields }, message);
  }
}
