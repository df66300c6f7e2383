import type { Operation, Store, Transaction, TransactionResult } from '@taas/store';

/** What is asked of etcd to find out whether something may be written. */
type Asked = Pick<Store, 'get' | 'list' | 'transact'>;

/**
 * The same etcd, in which transactions are compared and nothing is written: what they would write is kept. Whoever decides by such
 * a store decides as by the real one, by the very same comparisons.
 */
export class DryStore implements Asked {
  readonly #operations = new Map<string, Operation>();

  /** @param check throws why nothing may be written now */
  constructor(
    private readonly store: Asked,
    private readonly check: () => void = () => undefined,
  ) {}

  /** What all transactions that would have been carried out write: of each key the last. */
  get operations(): readonly Operation[] {
    return [...this.#operations.values()];
  }

  get: Asked['get'] = (...args) => this.store.get(...args);
  list: Asked['list'] = (...args) => this.store.list(...args);

  /** @returns of one that would be carried out revision 0, before all others: there is none to wait for */
  async transact({ compare, operations }: Transaction, options?: Parameters<Store['transact']>[1]) {
    this.check();
    const result: TransactionResult = await this.store.transact({ compare, operations: [] }, options);
    if (!result.succeeded) return result;
    for (const operation of operations) this.#operations.set(operation.key, operation);
    return { succeeded: true, revision: 0 } as const;
  }
}
