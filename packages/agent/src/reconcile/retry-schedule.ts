import { type BackoffPolicy, backoffDelay } from '@taas/service';

interface Retry {
  readonly attempt: number;
  /** On the monotonic clock, in ms. */
  readonly due: number;
}

/** When which tap is tried again; each waits by itself, longer after every failure. */
export class RetrySchedule {
  readonly #retries = new Map<string, Retry>();

  constructor(
    private readonly backoff: BackoffPolicy,
    private readonly random: () => number,
  ) {}

  failed(tap: string, now: number): void {
    const old = this.#retries.get(tap);
    // A poll of the tap in between, for whatever cause, does not put the retry off.
    if (old && old.due > now) return;
    const attempt = (old?.attempt ?? -1) + 1;
    this.#retries.set(tap, { attempt, due: now + backoffDelay(this.backoff, attempt, this.random()) });
  }

  succeeded(tap: string): void {
    this.#retries.delete(tap);
  }

  /** Taps that are due; they stay on the schedule until they succeed. */
  due(now: number): string[] {
    return [...this.#retries].filter(([, retry]) => retry.due <= now).map(([tap]) => tap);
  }

  /** Milliseconds until the next one is due, or null if none is waiting. */
  next(now: number): number | null {
    let earliest: number | null = null;
    for (const { due } of this.#retries.values()) earliest = earliest === null ? due : Math.min(earliest, due);
    return earliest === null ? null : Math.max(0, earliest - now);
  }

  get size(): number {
    return this.#retries.size;
  }
}
