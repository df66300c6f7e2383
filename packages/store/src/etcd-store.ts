import { EtcdCalls } from './etcd-calls.js';
import { careFor } from './etcd-care.js';
import { followEtcd } from './etcd-follow.js';
import { grantEtcdLease } from './etcd-lease.js';
import { listPrefixes } from './etcd-list.js';
import { type EtcdStoreOptions, resolveEtcdOptions } from './etcd-options.js';
import { readKeyValue, toBytes, toTxnRequest } from './etcd-wire.js';
import type { CallOptions, FollowEvent, KeyValue, Lease, Store, Transaction, TransactionResult } from './store.js';
import type { StoreCare } from './store-care.js';
import { checkKey, checkTransaction } from './transaction-limits.js';

/**
 * A store in an etcd v3 cluster (3.4 or newer), over its gRPC interface. Connects when first used; nothing is sent
 * before that. @throws StoreError `invalid` for options that cannot work.
 */
export function createEtcdStore(options: EtcdStoreOptions): EtcdStore {
  return new EtcdCluster(new EtcdCalls(resolveEtcdOptions(options)));
}

/** A store, and the care for the etcd that it is in. */
export interface EtcdStore extends Store {
  readonly care: StoreCare;
}

class EtcdCluster implements EtcdStore {
  readonly care: StoreCare;

  constructor(private readonly calls: EtcdCalls) {
    this.care = careFor(calls);
  }

  async get(key: string, options?: CallOptions): Promise<KeyValue | undefined> {
    checkKey(key);
    const request = { key: toBytes(key) };
    const answer = await this.calls.unary({ signal: options?.signal, repeatable: true }, (endpoint, rpc) =>
      endpoint.kv.range(request, rpc),
    );
    const found = answer.kvs[0];
    return found === undefined ? undefined : readKeyValue(found);
  }

  list(prefix: string, options?: CallOptions) {
    return listPrefixes(this.calls, [prefix], options?.signal);
  }

  async transact(transaction: Transaction, options?: CallOptions): Promise<TransactionResult> {
    checkTransaction(transaction);
    const request = toTxnRequest(transaction);
    const answer = await this.calls.unary({ signal: options?.signal, repeatable: false }, (endpoint, rpc) =>
      endpoint.kv.txn(request, rpc),
    );
    const revision = Number(answer.header?.revision ?? 0n);
    if (answer.succeeded) return { succeeded: true, revision };
    const current = answer.responses.map(({ response }) => {
      const found = response.case === 'responseRange' ? response.value.kvs[0] : undefined;
      return found === undefined ? undefined : readKeyValue(found);
    });
    return { succeeded: false, revision, current };
  }

  follow(prefixes: readonly string[], signal: AbortSignal): AsyncIterable<FollowEvent> {
    return followEtcd(this.calls, prefixes, signal);
  }

  lease(ttlSeconds: number, options?: CallOptions): Promise<Lease> {
    return grantEtcdLease(this.calls, ttlSeconds, options?.signal);
  }

  async close(): Promise<void> {
    this.calls.close();
  }
}
