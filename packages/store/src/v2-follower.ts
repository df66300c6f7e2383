import { type EtcdStoreOptions, resolveEtcdOptions } from './etcd-options.js';
import { HandOver } from './hand-over.js';
import { StoreError } from './store-error.js';
import { followUnbroken } from './unbroken-follow.js';
import { V2Client, type V2Origin } from './v2-client.js';
import { type V2Event, V2Keys } from './v2-event.js';

/** Follows keys that somebody writes by etcd's v2 API. That API's store is apart from v3's: keys, users and indices. */
export interface V2Follower {
  /**
   * The keys below a directory, which need not exist, as they are and as they change: a snapshot first, and again after
   * any doubt. Ends only by `signal` or by `close`; trouble is reported as `stale` and mended with back-off inside.
   */
  follow(directory: string, signal: AbortSignal): AsyncIterable<V2Event>;
  close(): void;
}

/** Connects when first used. @throws StoreError `invalid` for options that cannot work */
export function createV2Follower(options: EtcdStoreOptions): V2Follower {
  const client = new V2Client(resolveEtcdOptions(options));
  const { settings } = client;
  return {
    follow: (directory, signal) =>
      followUnbroken({
        once: (onReady) => followOnce(client, directory, signal, onReady),
        over: () => signal.aborted || client.closed,
        sleep: (ms) => settings.clock.sleep(ms, signal),
        settings,
        what: [directory],
      }),
    close: () => client.close(),
  };
}

/**
 * Lists at an index and asks for one event after the other from there. Nothing is asked before the consumer has taken
 * what came before: etcd keeps 1,000 events for it, and whoever is slower than those gets a new list, so nothing piles up.
 * An index goes forward only by an event that was read whole, never because a watch was silent.
 */
async function* followOnce(
  client: V2Client,
  directory: string,
  signal: AbortSignal,
  onReady: () => void,
): AsyncGenerator<Exclude<V2Event, { kind: 'stale' }>, void, undefined> {
  for (;;) {
    const { snapshot, keys, ...listed } = await list(client, directory, signal);
    yield snapshot.take();
    for (let from = listed.index + 1; ; ) {
      const news = await client.next(directory, from, signal);
      onReady();
      if (news.kind === 'cleared') break;
      checkOrigin(news.origin, { ...listed, index: from - 1 });
      if (news.kind === 'silence') {
        checkOrigin(await client.confirm(directory, signal), { ...listed, index: from - 1 });
        continue;
      }
      const index = news.action.node.modifiedIndex;
      const changes = index < from ? null : keys.apply(news.action);
      if (changes === null) throw new StoreError('unavailable', `etcd tells of "${news.action.action}" at ${index}`);
      from = index + 1;
      if (changes.length > 0) yield { kind: 'changes', index, changes };
    }
  }
}

async function list(client: V2Client, directory: string, signal: AbortSignal) {
  const { entries, ...origin } = await client.list(directory, signal);
  const snapshot = new HandOver({ kind: 'snapshot', index: origin.index, entries } as const);
  return { ...origin, snapshot, keys: new V2Keys(directory, entries) };
}

/** @throws StoreError when the answer is another cluster's, or of a time before what is known already */
function checkOrigin(now: V2Origin, known: V2Origin): void {
  if (now.clusterId !== known.clusterId)
    throw new StoreError('unavailable', `cluster ${now.clusterId} has answered, not ${known.clusterId}`);
  if (now.index < known.index)
    throw new StoreError('unavailable', `etcd is at index ${now.index}, and has been at ${known.index}`);
}
