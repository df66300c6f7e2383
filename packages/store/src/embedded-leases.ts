import type { Clock } from '@taas/service';
import type { LeaseId, Operation } from './store.js';

interface LeaseRecord {
  readonly ttlMs: number;
  readonly keys: Set<string>;
  /** Set while nobody renews the lease: aborting it stops the countdown. */
  countdown: AbortController | undefined;
}

/** The server's side of leases: which keys hang on which, and which are running out. */
export class EmbeddedLeases {
  readonly #leases = new Map<LeaseId, LeaseRecord>();
  readonly #leaseOfKey = new Map<string, LeaseId>();
  #nextId = 1;

  /** @param expire called when a lease has run out, with its keys; they are to be deleted in one revision */
  constructor(
    private readonly clock: Clock,
    private readonly expire: (id: LeaseId, keys: ReadonlySet<string>) => void,
  ) {}

  grant(ttlSeconds: number): LeaseId {
    const id = (this.#nextId++).toString(16).padStart(16, '0');
    this.#leases.set(id, { ttlMs: ttlSeconds * 1000, keys: new Set(), countdown: undefined });
    return id;
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  ids(): readonly LeaseId[] {
    return [...this.#leases.keys()];
  }

  /** Keeps the books after operations were carried out: a put without a lease takes its key off its lease. */
  attach(operations: readonly Operation[]): void {
    for (const operation of operations) {
      const before = this.#leaseOfKey.get(operation.key);
      if (before !== undefined) this.#leases.get(before)?.keys.delete(operation.key);
      this.#leaseOfKey.delete(operation.key);
      if (operation.kind !== 'put' || operation.lease === undefined) continue;
      this.#leaseOfKey.set(operation.key, operation.lease);
      this.#leases.get(operation.lease)?.keys.add(operation.key);
    }
  }

  /** Ends the lease at once. Does nothing when it is gone already. */
  end(id: LeaseId): void {
    const record = this.#leases.get(id);
    if (record === undefined) return;
    record.countdown?.abort();
    this.#leases.delete(id);
    for (const key of record.keys) this.#leaseOfKey.delete(key);
    this.expire(id, record.keys);
  }

  /** The holder is there: the lease does not run out. */
  hold(id: LeaseId): void {
    const record = this.#leases.get(id);
    record?.countdown?.abort();
    if (record !== undefined) record.countdown = undefined;
  }

  /** Nobody renews the lease from now on: it has its whole time to live left (again, if it was running out already). */
  startCountdown(id: LeaseId): void {
    const record = this.#leases.get(id);
    if (record === undefined) return;
    this.hold(id);
    const countdown = new AbortController();
    record.countdown = countdown;
    this.clock.sleep(record.ttlMs, countdown.signal).then(
      () => this.end(id),
      () => undefined,
    );
  }

  /** The server does not run: nothing expires meanwhile. */
  freeze(): void {
    for (const id of this.#leases.keys()) this.hold(id);
  }
}
