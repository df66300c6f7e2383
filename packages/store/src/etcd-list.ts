import { inSlices, type Sliced } from '@taas/service';
import type { EtcdCalls } from './etcd-calls.js';
import { revisionCompacted } from './etcd-errors.js';
import { keyAfter, prefixRange, readKey, readKeyValue } from './etcd-wire.js';
import { nextLimit } from './page-limit.js';
import type { KeyValue, Revision } from './store.js';
import { StoreError } from './store-error.js';

/** So many keys are read before others may have their turn: a fraction of a millisecond. */
const batch = 32;

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
  let limit = calls.settings.pageSize;
  const ask = (range: ReturnType<typeof prefixRange>) => {
    const page = { ...range, limit: BigInt(limit), revision };
    const answer = calls.unary({ signal, repeatable: true }, (endpoint, options) => endpoint.kv.range(page, options));
    // What fails is heard where it is waited for, unless the page before could not be used.
    answer.catch(() => undefined);
    return answer;
  };
  for (const prefix of prefixes) {
    let range = prefixRange(prefix);
    let page = ask(range);
    for (let more = true; more; ) {
      const answer = await page;
      // Later pages, and later prefixes, are read as of the revision at which the first page was.
      if (revision === 0n) revision = answer.header?.revision ?? 0n;
      const last = answer.kvs.at(-1);
      more = answer.more && last !== undefined;
      if (more && last !== undefined) {
        range = { ...range, key: keyAfter(readKey(last)) };
        limit = nextLimit(limit, answer.kvs);
        // etcd reads the next one meanwhile.
        page = ask(range);
      }
      await inSlices(reading(answer.kvs, entries), calls.settings.clock);
    }
  }
  return { revision: Number(revision), entries };
}

function* reading(page: readonly Uint8Array[], entries: KeyValue[]): Sliced<void> {
  for (const [index, bytes] of page.entries()) {
    if (index % batch === batch - 1) yield;
    entries.push(readKeyValue(bytes));
  }
}
