import type { V2Follower } from '@taas/store';
import { type OldFlow, type OldService, oldDirectories, readOldTap, type UnreadableTap } from './old-taps.js';

/**
 * All that networking-vpp's TaaS has been asked for, in the order of its keys.
 * @throws StoreError if its etcd cannot be read; the signal's reason
 */
export async function readOldTaps(
  follower: V2Follower,
  signal: AbortSignal,
): Promise<readonly (OldService | OldFlow | UnreadableTap)[]> {
  const found: (OldService | OldFlow | UnreadableTap)[] = [];
  for (const directory of oldDirectories)
    for (const { key, value } of await entriesBelow(follower, directory, signal)) {
      const tap = readOldTap(key, value);
      if (tap) found.push(tap);
    }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

async function entriesBelow(follower: V2Follower, directory: string, signal: AbortSignal) {
  const once = new AbortController();
  const stop = () => once.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const event of follower.follow(directory, once.signal)) {
      // It would go on trying; whoever started this program waits for an answer.
      if (event.kind === 'stale') throw event.cause;
      if (event.kind === 'snapshot') return event.entries;
    }
    throw signal.reason;
  } finally {
    signal.removeEventListener('abort', stop);
    once.abort();
  }
}
