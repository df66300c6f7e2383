import type { Clock } from '@taas/service';
import type { Lease, Store } from '@taas/store';

/** How long a request stays after its lease has taken no more, in ms: as long as agents may take somebody for looking. */
export const requestMs = 30_000;
/** How long a lease takes requests, in ms: who is still asked for after that hangs on the next one, so is written this often. */
const turnMs = 15_000;

interface Current {
  readonly granted: Promise<Lease>;
  readonly since: number;
  lease: Lease | null;
}

/**
 * The leases that requests for statistics hang on. All taps that are asked for within 15 s share one, and it ends 30 s later: what
 * is asked for no more goes by itself, without a write, also when this server is gone.
 */
export class RequestLeases {
  readonly #ends = new Set<Promise<void>>();
  readonly #stopped = new AbortController();
  #current: Current | null = null;

  constructor(
    private readonly store: Pick<Store, 'lease'>,
    private readonly clock: Clock,
  ) {}

  /** The lease that requests of now hang on. @throws StoreError; the reason of the stop */
  async current(): Promise<Lease> {
    this.#stopped.signal.throwIfAborted();
    const now = this.clock.monotonic();
    const stands = this.#current;
    if (stands && now - stands.since < turnMs && stands.lease?.lost.aborted !== true) return stands.granted;
    const granted = this.store.lease(requestMs / 1000, { signal: this.#stopped.signal });
    const current: Current = { granted, since: now, lease: null };
    this.#current = current;
    const end: Promise<void> = this.#endInTime(granted).finally(() => this.#ends.delete(end));
    this.#ends.add(end);
    try {
      current.lease = await granted;
      return current.lease;
    } catch (error) {
      if (this.#current === current) this.#current = null;
      throw error;
    }
  }

  async #endInTime(granted: Promise<Lease>): Promise<void> {
    try {
      const lease = await granted;
      await this.clock.sleep(turnMs + requestMs, this.#stopped.signal).catch(() => undefined);
      await lease.revoke();
    } catch {
      // It was never granted, or runs out by itself.
    }
  }

  /** Ends all of them: nobody looks through this server any more. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the server stops'));
    await Promise.all(this.#ends);
  }
}
