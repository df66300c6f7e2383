import type { Clock } from '@taas/service';

/** A deadline that is moved again and again, at the cost of a number; fires once. */
export class Watchdog {
  #deadline = Number.POSITIVE_INFINITY;
  #wakesAt = Number.POSITIVE_INFINITY;
  #sleep = new AbortController();
  #over = false;

  constructor(
    private readonly clock: Clock,
    private readonly onExpired: () => void,
  ) {}

  /** Something has happened; the next thing must within `ms`. */
  expect(ms: number): void {
    if (this.#over) return;
    this.#deadline = this.clock.monotonic() + ms;
    if (this.#deadline >= this.#wakesAt) return; // It looks again when it wakes.
    this.#sleep.abort();
    this.#sleep = new AbortController();
    void this.#watch(this.#sleep.signal);
  }

  stop(): void {
    this.#over = true;
    this.#sleep.abort();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = this.#deadline - this.clock.monotonic();
      if (left <= 0) break;
      this.#wakesAt = this.#deadline;
      try {
        await this.clock.sleep(Math.ceil(left), signal);
      } catch {
        return; // Stopped, or a nearer deadline has a watch of its own.
      }
      if (signal.aborted) return;
    }
    this.stop();
    this.onExpired();
  }
}
