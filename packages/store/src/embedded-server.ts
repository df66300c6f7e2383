import type { Clock } from '@taas/service';
import { EmbeddedData, type HistoryRecord } from './embedded-data.js';
import { EmbeddedLeases } from './embedded-leases.js';
import type { LeaseId, Transaction, TransactionResult } from './store.js';
import { StoreError } from './store-error.js';
import { maxRequestBytes, transactionBytes } from './transaction-limits.js';

/** What a client wants to hear from its server. */
export interface EmbeddedServerListener {
  changed(record: HistoryRecord): void;
  leaseEnded(id: LeaseId): void;
  runningChanged(): void;
}

/** The part that all clients share: data, leases, and whether the server runs. */
export class EmbeddedServer {
  readonly data: EmbeddedData;
  readonly leases: EmbeddedLeases;
  readonly listeners = new Set<EmbeddedServerListener>();
  #running = true;

  constructor(
    readonly clock: Clock,
    historyLimit: number,
  ) {
    this.data = new EmbeddedData(historyLimit);
    this.leases = new EmbeddedLeases(clock, (id, keys) => {
      this.#write(() => this.data.deleteAll(keys));
      for (const listener of this.listeners) listener.leaseEnded(id);
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Carries out what `checkTransaction` has passed. @throws StoreError `too-large`, `lease-lost`. */
  transact(transaction: Transaction): TransactionResult {
    if (transactionBytes(transaction) > maxRequestBytes) {
      throw new StoreError('too-large', `a transaction of over ${maxRequestBytes} bytes is refused by etcd: split it`);
    }
    return this.#write(() => {
      const missing = this.#missingLease(transaction);
      const result = this.data.transact(missing === undefined ? transaction : { ...transaction, operations: [] });
      if (!result.succeeded) return result;
      // As in etcd, a lease matters only when the comparisons hold and the put is carried out.
      if (missing !== undefined) throw missing;
      this.leases.attach(transaction.operations);
      return result;
    });
  }

  stop(): void {
    if (!this.#running) return;
    this.#running = false;
    this.leases.freeze();
    this.#announceRunning();
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const id of this.leases.ids()) this.leases.startCountdown(id);
    this.#announceRunning();
  }

  #announceRunning(): void {
    for (const listener of this.listeners) listener.runningChanged();
  }

  #missingLease(transaction: Transaction): StoreError | undefined {
    const gone = transaction.operations.find(
      (operation) => operation.kind === 'put' && operation.lease !== undefined && !this.leases.has(operation.lease),
    );
    if (gone === undefined) return undefined;
    return new StoreError('lease-lost', `the lease of key ${gone.key} is gone: grant a new one`);
  }

  #write<T>(action: () => T): T {
    const before = this.data.revision;
    const result = action();
    if (this.data.revision !== before) {
      const record = this.data.since(this.data.revision)?.at(-1);
      if (record !== undefined) for (const listener of this.listeners) listener.changed(record);
    }
    return result;
  }
}
