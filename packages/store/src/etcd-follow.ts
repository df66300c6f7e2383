import { backoffDelay } from '@taas/service';
import { ChangeQueue } from './change-queue.js';
import type { EtcdCalls } from './etcd-calls.js';
import { listPrefixes } from './etcd-list.js';
import { watchEtcd } from './etcd-watch.js';
import { disjointPrefixes } from './key-order.js';
import type { FollowEvent } from './store.js';

/**
 * List at R, watch from R+1, and begin again at any doubt. The watch runs beside the consumer and hands over through a
 * bounded queue, so that a slow consumer holds up neither the connection nor the memory.
 */
export async function* followEtcd(
  calls: EtcdCalls,
  prefixes: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<FollowEvent, void, undefined> {
  const { backoff, clock, logger, random } = calls.settings;
  const over = () => signal.aborted || calls.closed;
  let failures = 0;
  let stale = false;
  while (!over()) {
    try {
      for await (const event of followOnce(calls, disjointPrefixes(prefixes), signal, () => (failures = 0))) {
        stale = false;
        yield event;
        if (over()) return;
      }
    } catch (error) {
      if (over()) return;
      const cause = error instanceof Error ? error : new Error(String(error));
      logger.debug({ prefixes, failures, cause: cause.message }, 'follow interrupted');
      // One `stale` an interruption, however many attempts it takes to come back.
      if (!stale) yield { kind: 'stale', cause };
      stale = true;
      const wait = backoffDelay(backoff, failures++, random());
      await calls.scoped(signal, (inner) => clock.sleep(wait, inner)).catch(() => undefined);
    }
  }
}

/** One snapshot and the changes after it. Ends by throwing. */
async function* followOnce(
  calls: EtcdCalls,
  prefixes: readonly string[],
  signal: AbortSignal,
  onReady: () => void,
): AsyncGenerator<FollowEvent, void, undefined> {
  const { revision, entries } = await listPrefixes(calls, prefixes, signal);
  const queue = new ChangeQueue(calls.settings.queueLimits);
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
