import type { Clock } from '@taas/service';

/** Time that passes by sleeping alone: whoever wakes first is woken first, once nobody has anything else to do. */
export function sleepingClock(): Clock {
  let passed = 0;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  const next = () => {
    sleepers.sort((a, b) => a.at - b.at);
    const first = sleepers.shift();
    if (first === undefined) return;
    passed = Math.max(passed, first.at);
    first.wake();
  };
  return {
    now: () => Date.parse('2026-11-29T12:00:00Z') + passed,
    monotonic: () => passed,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: passed + ms, wake: resolve };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', () => {
          const at = sleepers.indexOf(sleeper);
          if (at >= 0) sleepers.splice(at, 1);
          reject(signal.reason);
        });
        setImmediate(() => setImmediate(next));
      }),
  };
}
