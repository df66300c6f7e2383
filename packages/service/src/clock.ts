/** Time as a dependency, so that a test decides how much of it passes. */
export interface Clock {
  /** Wall-clock time in milliseconds since the epoch: for records that people read, never for measuring. */
  now(): number;
  /** Monotonic time in milliseconds: for measuring and for deadlines. */
  monotonic(): number;
  /**
   * Resolves after `ms` milliseconds.
   * @throws the signal's reason as soon as `signal` aborts.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};
