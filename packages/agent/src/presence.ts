import { type AgentRecord, agentCodec, keys } from '@taas/model';
import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import { type Lease, type Store, StoreError } from '@taas/store';
import { WakeUp } from './wake-up.js';

export interface PresenceOptions {
  readonly store: Store;
  readonly node: string;
  readonly ttlSeconds: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly backoff: BackoffPolicy;
}

/**
 * Keeps the agent's record in the store, under a lease. When the agent stops, the lease is left to run out: a restart
 * within its time is not seen by anybody, and taps go on being what they were.
 */
export class Presence {
  #record: string | null = null;
  readonly #wake = new WakeUp();

  constructor(private readonly options: PresenceOptions) {}

  update(record: AgentRecord): void {
    const text = agentCodec.format(record);
    if (text === this.#record) return;
    this.#record = text;
    this.#wake.call();
  }

  async keep(signal: AbortSignal): Promise<void> {
    let lease: Lease | null = null;
    let written: string | null = null;
    for (let attempt = 0; !signal.aborted; ) {
      try {
        if (lease === null || lease.lost.aborted) {
          lease = await this.options.store.lease(this.options.ttlSeconds, { signal });
          written = null;
        }
        if (this.#record !== null && this.#record !== written) written = await this.#write(this.#record, lease, signal);
        attempt = 0;
        if (this.#record === written) await this.#wake.wait(lease.lost, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof StoreError && error.code === 'lease-lost') lease = null;
        await this.#pause(error, attempt++, signal);
      }
    }
  }

  async #write(value: string, lease: Lease, signal: AbortSignal): Promise<string> {
    const operation = { kind: 'put', key: keys.agent(this.options.node), value, lease: lease.id } as const;
    await this.options.store.transact({ compare: [], operations: [operation] }, { signal });
    return value;
  }

  async #pause(error: unknown, attempt: number, signal: AbortSignal): Promise<void> {
    const { logger, clock, random, backoff } = this.options;
    const cause = error instanceof Error ? error.message : String(error);
    logger.warn({ cause, attempt }, "this agent's record could not be written");
    await clock.sleep(backoffDelay(backoff, attempt, random()), signal).catch(() => undefined);
  }
}
