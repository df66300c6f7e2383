import { setMaxListeners } from 'node:events';
import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import type { Compare, FollowEvent, KeyValue, Lease, Revision, Store } from './store.js';

export interface CampaignOptions {
  /** The election's key: whoever has it leads. */
  readonly key: string;
  /** Who we are; written into the key, for people. */
  readonly id: string;
  /** How long the others wait for a leader that fell silent. */
  readonly ttlSeconds: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Waits after an error, or after `lead` ended by itself. Default 200 ms to 10 s. */
  readonly backoff?: BackoffPolicy;
}

export interface Leadership {
  /** Aborts when we lead no longer, or must assume so. */
  readonly signal: AbortSignal;
  /** To be compared in every transaction that only the leader may do: it fails once another has, or could have, taken over. */
  readonly fence: Compare;
}

/**
 * Takes part in an election until `signal` aborts, and then resigns and returns. `lead` runs while we lead, one at a time;
 * after its signal has aborted it is waited for. When it ends or throws by itself we resign and stand again after a wait.
 * Never throws because of the store: trouble is logged and tried again.
 */
export async function campaign(
  store: Store,
  options: CampaignOptions,
  lead: (leadership: Leadership) => Promise<void>,
): Promise<void> {
  const { signal, clock, logger, random } = options;
  const backoff = options.backoff ?? { firstMs: 200, maxMs: 10_000 };
  let failures = 0;
  while (!signal.aborted) {
    try {
      await whenVacant(store, options.key, signal);
      if (signal.aborted) return;
      if ((await standOnce(store, options, lead)) === 'beaten') {
        failures = 0;
        continue;
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ key: options.key, failures, cause: messageOf(error) }, 'election interrupted, standing again');
    }
    await clock.sleep(backoffDelay(backoff, failures++, random()), signal).catch(() => undefined);
  }
}

/** Waits until the key is seen to be absent. */
async function whenVacant(store: Store, key: string, signal: AbortSignal): Promise<void> {
  await untilSeen(store, key, signal, (entry) => entry === undefined);
}

/** Tries to take the key; if that works, leads until it ends. */
async function standOnce(
  store: Store,
  options: CampaignOptions,
  lead: (leadership: Leadership) => Promise<void>,
): Promise<'beaten' | 'led'> {
  const { key, id, signal, logger } = options;
  const lease = await store.lease(options.ttlSeconds, { signal });
  try {
    const value = JSON.stringify({ v: 1, id });
    const taken = await store.transact(
      { compare: [{ kind: 'absent', key }], operations: [{ kind: 'put', key, value, lease: lease.id }] },
      { signal },
    );
    if (!taken.succeeded) return 'beaten';
    logger.info({ key, id, revision: taken.revision }, 'leading');
    await leadOnce(store, options, lease, taken.revision, lead);
    return 'led';
  } finally {
    // Also when it is unknown whether the key was taken: with the lease gone it cannot stay.
    await lease.revoke().catch((error: unknown) => {
      logger.warn({ key, cause: messageOf(error) }, 'lease not revoked, the key stays until it runs out');
    });
  }
}

async function leadOnce(
  store: Store,
  options: CampaignOptions,
  lease: Lease,
  revision: Revision,
  lead: (leadership: Leadership) => Promise<void>,
): Promise<void> {
  const { key, signal, logger } = options;
  const term = new AbortController();
  // Each of the leader's workers listens to it: that is no leak.
  setMaxListeners(0, term.signal);
  const onStop = () => term.abort(signal.reason);
  const onLost = () => term.abort(lease.lost.reason);
  signal.addEventListener('abort', onStop, { once: true });
  lease.lost.addEventListener('abort', onLost, { once: true });
  if (signal.aborted) onStop();
  if (lease.lost.aborted) onLost();
  // The lease alone does not tell when somebody removes or overwrites the key.
  const watching = untilSeen(store, key, term.signal, (entry) => entry?.modRevision !== revision).then(() =>
    term.abort(new Error(`the election key ${key} is not ours any more`)),
  );
  try {
    await lead({ signal: term.signal, fence: { kind: 'mod-revision', key, revision } });
  } finally {
    logger.info({ key, cause: term.signal.aborted ? messageOf(term.signal.reason) : 'ended by itself' }, 'not leading');
    term.abort(new Error('the term is over'));
    signal.removeEventListener('abort', onStop);
    lease.lost.removeEventListener('abort', onLost);
    await watching;
  }
}

/** Follows one key until `test` holds for it or `signal` aborts. */
async function untilSeen(
  store: Store,
  key: string,
  signal: AbortSignal,
  test: (entry: KeyValue | undefined) => boolean,
): Promise<void> {
  for await (const event of store.follow([key], signal)) {
    const seen = look(event, key);
    if (seen.known && test(seen.entry)) return;
  }
}

/** What an event says about one key; `known` is false when it says nothing. */
function look(event: FollowEvent, key: string): { known: boolean; entry?: KeyValue | undefined } {
  if (event.kind === 'stale') return { known: false };
  if (event.kind === 'snapshot') return { known: true, entry: event.entries.find((entry) => entry.key === key) };
  const last = event.changes.findLast((change) => (change.kind === 'put' ? change.entry.key : change.key) === key);
  if (last === undefined) return { known: false };
  return { known: true, entry: last.kind === 'put' ? last.entry : undefined };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
