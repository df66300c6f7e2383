/** Time as this package sees it; tests hand in their own. */
export interface Clock {
  /** Milliseconds since any fixed point; never goes back. */
  now(): number;
  /** Calls `callback` once after `ms` milliseconds unless the returned function is called first. */
  after(ms: number, callback: () => void): () => void;
}

/** The machine's monotonic clock. Its timers do not keep the process alive: an open socket does. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
