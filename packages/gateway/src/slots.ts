import type { Clock } from '@taas/service';
import { gatewayBusy } from './gateway-error.js';

export interface SlotLimits {
  readonly concurrent: number;
  readonly waiting: number;
  readonly queueMs: number;
}

/** How many requests may be at Neutron at a time, and how many may wait for that, first come, first served. */
export class Slots {
  #taken = 0;
  readonly #queue: { readonly enter: () => void }[] = [];

  constructor(
    private readonly limits: SlotLimits,
    private readonly clock: Clock,
  ) {}

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /**
   * Resolves with the function that gives the slot back; calling it twice does nothing more.
   * @throws GatewayError 503 when too many wait, or this one has waited too long; the signal's reason
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#taken < this.limits.concurrent) this.#taken += 1;
    else await this.#wait(signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = this.#queue.shift();
      // A slot that is handed on stays taken.
      if (next) next.enter();
      else this.#taken -= 1;
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#queue.length >= this.limits.waiting) return Promise.reject(gatewayBusy());
    return new Promise((resolve, reject) => {
      const timer = new AbortController();
      const place = {
        enter: () => {
          timer.abort();
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const leave = (reason: unknown): void => {
        const at = this.#queue.indexOf(place);
        if (at < 0) return;
        this.#queue.splice(at, 1);
        timer.abort();
        signal.removeEventListener('abort', onAbort);
        reject(reason);
      };
      const onAbort = (): void => leave(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(place);
      this.clock.sleep(this.limits.queueMs, timer.signal).then(
        () => leave(gatewayBusy()),
        () => undefined, // It has its slot, or its client has gone.
      );
    });
  }
}
