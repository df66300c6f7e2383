/** More is waiting than the queue holds. */
export class LimiterFullError extends Error {
  override readonly name = 'LimiterFullError';
}

export interface Limiter {
  /**
   * Runs `work` when fewer than the allowed number run; first come, first served.
   * @throws LimiterFullError at once if the queue is full; the signal's reason if it aborts while waiting
   */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

export function createLimiter({ maxConcurrent, maxQueued }: { maxConcurrent: number; maxQueued: number }): Limiter {
  const waiting = new Set<() => void>();
  let running = 0;

  const turn = (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (running < maxConcurrent) {
      running++;
      return Promise.resolve();
    }
    if (waiting.size >= maxQueued) {
      return Promise.reject(new LimiterFullError(`${running} requests are under way and ${waiting.size} wait`));
    }
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        waiting.delete(start);
        reject(signal.reason);
      };
      // Whoever leaves hands its place over, so `running` does not change.
      const start = () => {
        waiting.delete(start);
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      waiting.add(start);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  };
  const leave = () => {
    const [next] = waiting;
    if (next === undefined) running--;
    else next();
  };

  return {
    run: async (signal, work) => {
      await turn(signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
  };
}
