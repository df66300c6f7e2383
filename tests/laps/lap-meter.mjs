// Preloaded into a `taas-server` (NODE_OPTIONS=--import): writes down each lap of its event loop that took long.
//
// A timer that is due on every lap ends a lap. What it took is the time that passed, less the time in which the main thread was
// ready and somebody else had the processor, as Linux counts it for the thread (the second figure of schedstat, in nanoseconds).
// Laps of less than a millisecond are taken together.
// Pauses of garbage collection are written down too.
import { appendFileSync, openSync, readSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

const file = process.env['LAP_METER_FILE'];
/** Shorter laps are not written down, in ms. */
const shortest = 3;

if (file !== undefined) {
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      if (duration < 1) continue;
      const at = performance.timeOrigin + startTime + duration;
      appendFileSync(file, `${JSON.stringify({ kind: 'gc', at, ms: duration, wall: duration })}\n`);
    }
  }).observe({ entryTypes: ['gc'] });
  // Of the process's first thread, which runs the event loop.
  const schedstat = openSync('/proc/self/schedstat', 'r');
  const text = Buffer.alloc(128);
  const waited = () => Number(text.toString('latin1', 0, readSync(schedstat, text, 0, 128, 0)).split(' ')[1]) / 1e6;
  let wall = performance.now();
  let queued = waited();
  const tick = () => {
    const passed = performance.now() - wall;
    const ms = Math.max(0, passed - (waited() - queued));
    if (ms >= shortest)
      appendFileSync(
        file,
        `${JSON.stringify({ kind: 'lap', at: performance.timeOrigin + performance.now(), ms, wall: passed })}\n`,
      );
    wall = performance.now();
    queued = waited();
  };
  setInterval(tick, 1).unref();
}
