import type { CallOptions, FollowEvent, Lease, Store, Transaction, TransactionResult } from './store.js';

/**
 * A store of which nothing is read or written before it is cleared: calls wait, and fail if it never is.
 * @param cleared resolves when the store may be used, rejects with why it may not
 */
export function guardedStore(inner: Store, cleared: Promise<void>): Store {
  // Each call says why; nobody may be there yet to hear it.
  cleared.catch(() => undefined);
  const pass = async (signal: AbortSignal | undefined): Promise<void> => {
    if (signal === undefined) return cleared;
    signal.throwIfAborted();
    let onAbort: () => void = () => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    await Promise.race([cleared, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
  };
  return {
    async get(key: string, options?: CallOptions) {
      await pass(options?.signal);
      return inner.get(key, options);
    },
    async list(prefix: string, options?: CallOptions) {
      await pass(options?.signal);
      return inner.list(prefix, options);
    },
    async transact(transaction: Transaction, options?: CallOptions): Promise<TransactionResult> {
      await pass(options?.signal);
      return inner.transact(transaction, options);
    },
    async *follow(prefixes: readonly string[], signal: AbortSignal): AsyncGenerator<FollowEvent, void, undefined> {
      try {
        await pass(signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      yield* inner.follow(prefixes, signal);
    },
    async lease(ttlSeconds: number, options?: CallOptions): Promise<Lease> {
      await pass(options?.signal);
      return inner.lease(ttlSeconds, options);
    },
    close: () => inner.close(),
  };
}
