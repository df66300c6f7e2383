import { besideSnapshot, ChangeQueue } from './change-queue.js';
import type { EtcdCalls } from './etcd-calls.js';
import { listPrefixes } from './etcd-list.js';
import { watchEtcd } from './etcd-watch.js';
import { disjointPrefixes } from './key-order.js';
import type { FollowEvent } from './store.js';
import { followUnbroken } from './unbroken-follow.js';

/**
 * List at R, watch from R+1, and begin again at any doubt. The watch runs beside the consumer and hands over through a
 * bounded queue, so that a slow consumer holds up neither the connection nor the memory.
 */
export function followEtcd(
  calls: EtcdCalls,
  prefixes: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<FollowEvent, void, undefined> {
  return followUnbroken({
    once: (onReady) => followOnce(calls, disjointPrefixes(prefixes), signal, onReady),
    over: () => signal.aborted || calls.closed,
    sleep: (ms) => calls.scoped(signal, (inner) => calls.settings.clock.sleep(ms, inner)),
    settings: calls.settings,
    what: prefixes,
  });
}

/** One snapshot and the changes after it. Ends by throwing. */
async function* followOnce(
  calls: EtcdCalls,
  prefixes: readonly string[],
  signal: AbortSignal,
  onReady: () => void,
): AsyncGenerator<Exclude<FollowEvent, { kind: 'stale' }>, void, undefined> {
  const { revision, entries } = await listPrefixes(calls, prefixes, signal);
  const queue = new ChangeQueue(besideSnapshot(entries, calls.settings.queueLimits));
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const task = { prefixes, from: revision + 1, signal: stop.signal, onReady };
  const watch = watchEtcd(calls, { ...task, onChanges: (batch) => queue.push(batch) }).catch((error: unknown) =>
    queue.fail(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    yield { kind: 'snapshot', revision, entries };
    for (;;) yield { kind: 'changes', ...(await queue.take()) };
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    await watch;
  }
}
