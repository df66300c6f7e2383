import { FairTurns, TurnsFullError } from '@taas/service';
import { DeadlineError, withDeadline } from '@taas/upstream';
import type { Client } from './clients.js';
import { gatewayBusy } from './gateway-error.js';

export interface SlotLimits {
  /** Requests to Neutron at a time. */
  readonly concurrent: number;
  /** Of which those of one known client. */
  readonly concurrentPerClient: number;
  /** Of which those of strangers. */
  readonly strangers: number;
  /** Of which those from one network. */
  readonly strangersPerClient: number;
  /** Who may wait, strangers not counted. */
  readonly waiting: number;
  /** Strangers who may wait. */
  readonly strangersWaiting: number;
  readonly queueMs: number;
}

/** How many requests may be at Neutron at a time, and how many may wait for that: client by client in rotation. */
export class Slots {
  readonly #all: FairTurns;
  readonly #strangers: FairTurns;

  constructor(private readonly limits: SlotLimits) {
    const { concurrent, concurrentPerClient, strangers, strangersPerClient, waiting, strangersWaiting } = limits;
    this.#all = new FairTurns({
      concurrent,
      concurrentPerKey: concurrentPerClient,
      waitingPerKey: waiting,
      // Strangers have waited for their own turn already, and are not refused for those who are known.
      waiting: waiting + strangers,
    });
    this.#strangers = new FairTurns({
      concurrent: strangers,
      concurrentPerKey: strangersPerClient,
      ...{ waiting: strangersWaiting, waitingPerKey: Math.max(1, Math.ceil(strangersWaiting / 4)) },
    });
  }

  get taken(): number {
    return this.#all.taken;
  }

  get waiting(): number {
    return this.#all.waiting + this.#strangers.waiting;
  }

  /**
   * Resolves with the function that gives the slot back; calling it twice does nothing more.
   * @throws GatewayError 503 when too many wait, or this one has waited too long; the signal's reason
   */
  async take(client: Client, signal: AbortSignal): Promise<() => void> {
    let leave: () => void = () => undefined;
    try {
      return await withDeadline(signal, this.limits.queueMs, async (waiting) => {
        if (!client.known) leave = await this.#strangers.take(client.key, waiting);
        const end = await this.#all.take(client.key, waiting);
        return () => {
          end();
          leave();
        };
      });
    } catch (error) {
      leave();
      throw error instanceof TurnsFullError || error instanceof DeadlineError ? gatewayBusy() : error;
    }
  }
}
