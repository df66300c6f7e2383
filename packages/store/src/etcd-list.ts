import type { EtcdCalls } from './etcd-calls.js';
import { revisionCompacted } from './etcd-errors.js';
import { keyAfter, prefixRange, toKeyValue } from './etcd-wire.js';
import type { KeyValue, Revision } from './store.js';
import { StoreError } from './store-error.js';

/**
 * All keys under the given prefixes, which must not overlap, as of one revision, page by page so that no answer grows
 * with the number of keys. Begins again when the revision is compacted away meanwhile.
 */
export async function listPrefixes(
  calls: EtcdCalls,
  prefixes: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ revision: Revision; entries: KeyValue[] }> {
  for (let left = 2; ; left--) {
    try {
      return await listOnce(calls, prefixes, signal);
    } catch (error) {
      if (left === 0 || !(error instanceof StoreError && revisionCompacted(error))) throw error;
    }
  }
}

async function listOnce(calls: EtcdCalls, prefixes: readonly string[], signal: AbortSignal | undefined) {
  const entries: KeyValue[] = [];
  let revision = 0n;
  for (const prefix of prefixes) {
    let { key, rangeEnd } = prefixRange(prefix);
    for (let more = true; more; ) {
      const page = { key, rangeEnd, limit: BigInt(calls.settings.pageSize), revision };
      const answer = await calls.unary({ signal, repeatable: true }, (endpoint, options) =>
        endpoint.kv.range(page, options),
      );
      // Later pages, and later prefixes, are read as of the revision at which the first page was.
      if (revision === 0n) revision = answer.header?.revision ?? 0n;
      for (const each of answer.kvs) entries.push(toKeyValue(each));
      const last = answer.kvs.at(-1);
      more = answer.more && last !== undefined;
      if (last !== undefined) key = keyAfter(last.key);
    }
  }
  return { revision: Number(revision), entries };
}
