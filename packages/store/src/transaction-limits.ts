import type { Transaction } from './store.js';
import { maxTxnOperations } from './store.js';
import { StoreError } from './store-error.js';

/** etcd's default --max-request-bytes. A server may be told otherwise, so only the embedded store refuses by it. */
export const maxRequestBytes = 1.5 * 1024 * 1024;

/**
 * What etcd's own client sends at most. A server cuts far larger requests off in the middle, and then its reason may not
 * arrive; one configured to take more is not asked for it.
 */
const maxSendBytes = 2 * 1024 * 1024;

/**
 * Refuses a transaction that etcd would refuse whatever it holds, before anything is sent.
 * @throws StoreError `too-large` with over 128 operations or comparisons, or over 2 MiB; `invalid` for an empty or doubled key.
 */
export function checkTransaction(transaction: Transaction): void {
  const { compare, operations } = transaction;
  if (operations.length > maxTxnOperations || compare.length > maxTxnOperations) {
    throw new StoreError(
      'too-large',
      `a transaction of ${operations.length} operations and ${compare.length} comparisons is over the limit of ` +
        `${maxTxnOperations} each: split it`,
    );
  }
  const written = new Set<string>();
  for (const { key } of operations) {
    checkKey(key);
    if (written.has(key)) throw new StoreError('invalid', `key ${key} stands twice in one transaction`);
    written.add(key);
  }
  for (const { key } of compare) checkKey(key);
  const bytes = transactionBytes(transaction);
  if (bytes > maxSendBytes)
    throw new StoreError('too-large', `a transaction of ${bytes} bytes is over the limit of ${maxSendBytes}: split it`);
}

/** @throws StoreError `invalid` for an empty key. */
export function checkKey(key: string): void {
  if (key === '') throw new StoreError('invalid', 'a key must not be empty');
}

/** Roughly the bytes that a transaction takes on the wire: keys and values as UTF-8, without framing. */
export function transactionBytes(transaction: Transaction): number {
  let bytes = 0;
  for (const compare of transaction.compare) {
    bytes += Buffer.byteLength(compare.key) + (compare.kind === 'value' ? Buffer.byteLength(compare.value) : 0);
  }
  for (const operation of transaction.operations) {
    bytes += Buffer.byteLength(operation.key) + (operation.kind === 'put' ? Buffer.byteLength(operation.value) : 0);
  }
  return bytes;
}
