import { backoffDelay } from '@taas/service';
import type { EtcdCalls } from './etcd-calls.js';
import { leaseId } from './etcd-wire.js';
import type { Lease } from './store.js';
import { StoreError } from './store-error.js';

const retryPolicy = { firstMs: 100, maxMs: 1_000 };

/** Grants a lease and keeps it alive in the background until it is revoked, lost or the store is closed. */
export async function grantEtcdLease(
  calls: EtcdCalls,
  ttlSeconds: number,
  signal: AbortSignal | undefined,
): Promise<Lease> {
  if (!(ttlSeconds > 0)) throw new StoreError('invalid', `a lease of ${ttlSeconds} seconds cannot be granted`);
  const request = { ttl: BigInt(Math.ceil(ttlSeconds)) };
  // Asking twice may leave a lease that nobody renews; it has no keys and runs out by itself.
  const asked = calls.settings.clock.monotonic();
  const granted = await calls.unary({ signal, repeatable: true }, (endpoint, rpc) =>
    endpoint.lease.leaseGrant(request, rpc),
  );
  // etcd may grant more than was asked; the countdown starts when we asked, so we never believe in it longer than etcd.
  return new EtcdLease(calls, granted.id, asked + Number(granted.ttl) * 1000, Number(granted.ttl) * 1000);
}

class EtcdLease implements Lease {
  readonly id: string;
  readonly #lost = new AbortController();

  constructor(
    private readonly calls: EtcdCalls,
    private readonly number: bigint,
    deadline: number,
    ttlMs: number,
  ) {
    this.id = leaseId(number);
    this.#keepAlive(deadline, ttlMs).catch((error: unknown) => this.#lost.abort(error));
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async revoke(): Promise<void> {
    if (this.lost.aborted) return;
    this.#lost.abort(new StoreError('lease-lost', `lease ${this.id} was revoked`));
    try {
      await this.calls.unary({ repeatable: true }, (endpoint, rpc) =>
        endpoint.lease.leaseRevoke({ id: this.number }, rpc),
      );
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'lease-lost')) throw error;
    }
  }

  /** Renews at every third of the time to live. Ends only by throwing why the lease cannot be relied on any more. */
  async #keepAlive(firstDeadline: number, ttlMs: number): Promise<never> {
    const { clock, random, logger } = this.calls.settings;
    let deadline = firstDeadline;
    let failures = 0;
    let pause = ttlMs / 3;
    for (;;) {
      await this.#sleep(Math.min(pause, Math.max(0, deadline - clock.monotonic())));
      const sent = clock.monotonic();
      if (sent >= deadline) throw new StoreError('lease-lost', `lease ${this.id} could not be renewed in time`);
      try {
        const left = await this.#renew(Math.min(this.calls.settings.requestTimeoutMs, deadline - sent));
        if (left <= 0) throw new StoreError('lease-lost', `etcd does not know lease ${this.id} any more`);
        deadline = sent + left;
        pause = left / 3;
        failures = 0;
      } catch (error) {
        if (this.lost.aborted || !(error instanceof StoreError) || !error.retriable) throw error;
        logger.debug({ lease: this.id, failures, cause: error.message }, 'lease not renewed, trying again');
        pause = backoffDelay(retryPolicy, failures++, random());
      }
    }
  }

  #sleep(ms: number): Promise<void> {
    return this.calls.scoped(this.lost, (signal) => this.calls.settings.clock.sleep(ms, signal));
  }

  /** A stream of one request and one answer: slower than a standing stream, but it fails over like any other call. */
  #renew(timeoutMs: number): Promise<number> {
    const { number } = this;
    async function* once() {
      yield { id: number };
    }
    return this.calls.unary({ signal: this.lost, repeatable: true, timeoutMs }, async (endpoint, rpc) => {
      for await (const answer of endpoint.lease.leaseKeepAlive(once(), rpc)) return Number(answer.ttl) * 1000;
      throw new StoreError('unavailable', `etcd at ${endpoint.url} did not answer a lease renewal`);
    });
  }
}
