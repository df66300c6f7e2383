import { besideSnapshot, ChangeQueue } from './change-queue.js';
import type { EtcdCalls } from './etcd-calls.js';
import { listPrefixes } from './etcd-list.js';
import { watchEtcd } from './etcd-watch.js';
import { HandOver } from './hand-over.js';
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
  const { snapshot, revision, limits } = await listed(calls, prefixes, signal);
  const queue = new ChangeQueue(limits);
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  const task = { prefixes, from: revision + 1, signal: stop.signal, onReady };
  const watch = watchEtcd(calls, { ...task, onChanges: (batch) => queue.push(batch) }).catch((error: unknown) =>
    queue.fail(error instanceof Error ? error : new Error(String(error))),
  );
  try {
    yield snapshot.take();
    for (;;) yield { kind: 'changes', ...(await queue.take()) };
  } finally {
    signal.removeEventListener('abort', onAbort);
    stop.abort();
    await watch;
  }
}

async function listed(calls: EtcdCalls, prefixes: readonly string[], signal: AbortSignal) {
  const { revision, entries } = await listPrefixes(calls, prefixes, signal);
  const limits = besideSnapshot(entries, calls.settings.queueLimits);
  return { snapshot: new HandOver({ kind: 'snapshot', revision, entries } as const), revision, limits };
}
