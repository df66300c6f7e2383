import type { Clock } from '@taas/service';

/**
 * Runs `work` and waits for it, but no longer than `ms`; its signal aborts then.
 * @throws what the work throws; Error when time is up
 */
export async function within<T>(ms: number, clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  const timer = clock.sleep(ms, done.signal).then(
    () => {
      const error = new Error(`it has taken more than ${ms} ms`);
      late.abort(error);
      throw error;
    },
    () => new Promise<never>(() => undefined), // The work was faster: the race is over.
  );
  try {
    return await Promise.race([work(late.signal), timer]);
  } finally {
    done.abort();
  }
}
