import { type BackoffPolicy, backoffDelay, type Clock, type Logger } from '@taas/service';

export interface UnbrokenFollow<E> {
  /** A snapshot and the changes after it. Ends by throwing; calls `onReady` when it has got going. */
  readonly once: (onReady: () => void) => AsyncIterable<E>;
  /** Whether nobody wants to follow any more. */
  readonly over: () => boolean;
  /** Waits; may end early, by throwing, when `over` has become true. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly settings: {
    readonly backoff: BackoffPolicy;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly random: () => number;
  };
  /** What is followed; for the log. */
  readonly what: readonly string[];
}

/** Follows again and again, with back-off, and says once an interruption that nothing can be seen now. */
export async function* followUnbroken<E>(
  follow: UnbrokenFollow<E>,
): AsyncGenerator<E | { readonly kind: 'stale'; readonly cause: Error }, void, undefined> {
  const { once, over, sleep, settings, what } = follow;
  let failures = 0;
  let stale = false;
  while (!over()) {
    try {
      for await (const event of once(() => (failures = 0))) {
        stale = false;
        yield event;
        if (over()) return;
      }
    } catch (error) {
      if (over()) return;
      const cause = error instanceof Error ? error : new Error(String(error));
      settings.logger.debug({ following: what, failures, cause: cause.message }, 'follow interrupted');
      // One `stale` an interruption, however many attempts it takes to come back.
      if (!stale) yield { kind: 'stale', cause };
      stale = true;
      await sleep(backoffDelay(settings.backoff, failures++, settings.random())).catch(() => undefined);
    }
  }
}
