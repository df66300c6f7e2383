import { setMaxListeners } from 'node:events';
import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';
import { entryAfter, heartbeatKeyOf, type Vacancy, whenVacant } from './leader-vacancy.js';
import type { Compare, KeyValue, Lease, Revision, Store } from './store.js';

export interface CampaignOptions {
  /** The election's key: whoever has it leads. Its heartbeat is in `<key>_heartbeat`. */
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

type Fence = Extract<Compare, { readonly kind: 'mod-revision' }>;

export interface Leadership {
  /** Aborts when we lead no longer, or must assume so. */
  readonly signal: AbortSignal;
  /** To be compared in every transaction that only the leader may do: it fails once another has, or could have, taken over. */
  readonly fence: Fence;
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
      const silenceMs = options.ttlSeconds * 1000;
      const vacancy = await whenVacant(store, { key: options.key, silenceMs, clock, signal });
      if (signal.aborted || vacancy === undefined) return;
      if ((await standOnce(store, options, vacancy, lead)) === 'beaten') {
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

/** Tries to take the key; if that works, leads until it ends. A silent leader's key is replaced, and its fence fails. */
async function standOnce(
  store: Store,
  options: CampaignOptions,
  vacancy: Vacancy,
  lead: (leadership: Leadership) => Promise<void>,
): Promise<'beaten' | 'led'> {
  const { key, id, signal, logger } = options;
  const lease = await store.lease(options.ttlSeconds, { signal });
  try {
    const value = JSON.stringify({ v: 1, id });
    const operations = [{ kind: 'put', key, value, lease: lease.id } as const, heartbeat(key, 0, lease)];
    const taken = await store.transact({ compare: vacancy, operations }, { signal });
    if (!taken.succeeded) return 'beaten';
    if (vacancy.some(({ kind }) => kind !== 'absent'))
      logger.warn({ key }, 'the leader before was silent though its lease was kept alive: it was replaced');
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
  const replaced = () => term.abort(new Error(`the election key ${key} is not ours any more`));
  const fence = { kind: 'mod-revision', key, revision } as const;
  const watching = untilReplaced(store, fence, term.signal).then(replaced);
  const beating = beat(store, options, lease, fence, term.signal).then(replaced);
  try {
    await lead({ signal: term.signal, fence });
  } finally {
    logger.info({ key, cause: term.signal.aborted ? messageOf(term.signal.reason) : 'ended by itself' }, 'not leading');
    term.abort(new Error('the term is over'));
    signal.removeEventListener('abort', onStop);
    lease.lost.removeEventListener('abort', onLost);
    await Promise.all([watching, beating]);
  }
}

const heartbeat = (key: string, count: number, lease: Lease) =>
  ({ kind: 'put', key: heartbeatKeyOf(key), value: JSON.stringify({ v: 1, beat: count }), lease: lease.id }) as const;

/**
 * Shows the others, at every tenth of the time to live, that the leader lives; by it they also tell how long agents are silent. Ends when the key turns out to be another's,
 * or `signal` aborts. While the store takes no heartbeat it takes no other's claim either, so we go on leading.
 */
async function beat(
  store: Store,
  options: CampaignOptions,
  lease: Lease,
  fence: Fence,
  signal: AbortSignal,
): Promise<void> {
  const { key, clock, logger, random } = options;
  const pauseMs = (options.ttlSeconds * 1000) / 10;
  const retry = { firstMs: pauseMs / 10, maxMs: pauseMs };
  let failures = 0;
  for (let count = 1; !signal.aborted; ) {
    const waitMs = failures === 0 ? pauseMs : backoffDelay(retry, failures - 1, random());
    await clock.sleep(waitMs, signal).catch(() => undefined);
    if (signal.aborted) return;
    try {
      const { succeeded } = await store.transact(
        { compare: [fence], operations: [heartbeat(key, count, lease)] },
        { signal },
      );
      if (!succeeded) return;
      count += 1;
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ key, failures, cause: messageOf(error) }, "the leader's heartbeat could not be written");
      failures += 1;
    }
  }
}

/** Follows the leader's key until it is not as the fence has it, or `signal` aborts. */
async function untilReplaced(store: Store, { key, revision }: Fence, signal: AbortSignal): Promise<void> {
  let entry: KeyValue | undefined;
  for await (const event of store.follow([key], signal)) {
    if (event.kind === 'stale') continue;
    entry = entryAfter(event, key, entry);
    if (entry?.modRevision !== revision) return;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
