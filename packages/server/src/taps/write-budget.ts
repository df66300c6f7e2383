import type { Clock } from '@taas/service';
import { tooManyWrites } from '../errors/neutron-error.js';
import { RateLimiter } from '../http/rate-limit.js';

export interface WriteLimits {
  /** Keys that a project's requests may write to etcd within a minute, to each server; 0 for no limit. */
  readonly writesPerMinute: number;
  /** Bytes likewise. */
  readonly bytesPerMinute: number;
}

export const noWriteLimits: WriteLimits = { writesPerMinute: 0, bytesPerMinute: 0 };

/** Keys besides its record that a tap takes: its port's role, its tunnel ids, its quota. */
const keysOfTap = 3;
/** What a key and what etcd keeps of it come to, in bytes, the keys besides included. */
const bytesOfTap = 1024;

/**
 * What a project may write to etcd, which it shares with all others and with networking-vpp: etcd keeps every version of
 * a key until it is compacted, so that a quota of taps says nothing about what a project takes of it.
 */
export class WriteBudget {
  readonly #writes: RateLimiter;
  readonly #bytes: RateLimiter;

  constructor({ writesPerMinute, bytesPerMinute }: WriteLimits, clock: Clock) {
    this.#writes = new RateLimiter({ perSecond: writesPerMinute / 60, burst: writesPerMinute }, clock);
    this.#bytes = new RateLimiter({ perSecond: bytesPerMinute / 60, burst: bytesPerMinute }, clock);
  }

  /** Counts records that are about to be written in a project's name. @throws NeutronError 429 with its Retry-After */
  spend(project: string, records: readonly object[]): void {
    this.#within((budget, amount) => budget.take(project, amount), records);
  }

  /** Refuses what {@link spend} would refuse, and counts nothing. @throws NeutronError 429 with its Retry-After */
  check(project: string, records: readonly object[]): void {
    this.#within((budget, amount) => budget.wait(project, amount), records);
  }

  #within(ask: (budget: RateLimiter, amount: number) => number, records: readonly object[]): void {
    const bytes = records.reduce((sum, record) => sum + Buffer.byteLength(JSON.stringify(record)) + bytesOfTap, 0);
    const wait = Math.max(ask(this.#writes, records.length * (1 + keysOfTap)), ask(this.#bytes, bytes));
    if (wait > 0) throw tooManyWrites(wait);
  }
}
