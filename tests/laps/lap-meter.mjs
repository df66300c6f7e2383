// Preloaded into a `taas-server` (NODE_OPTIONS=--import): writes down each lap of its event loop that took long.
//
// A timer that is due on every lap ends a lap. What it took is the smaller of two figures, each of which the main thread's
// processor time cannot exceed: the time that passed, which is longer when somebody else has the processor, and the
// processor time of the process, which has garbage collection's helpers in it. Laps of less than a millisecond are taken together.
// Pauses of garbage collection are written down too.
import { appendFileSync } from 'node:fs';
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
  let wall = performance.now();
  let spent = process.cpuUsage();
  const tick = () => {
    const passed = performance.now() - wall;
    const { user, system } = process.cpuUsage(spent);
    const ms = Math.min(passed, (user + system) / 1_000);
    if (ms >= shortest)
      appendFileSync(
        file,
        `${JSON.stringify({ kind: 'lap', at: performance.timeOrigin + performance.now(), ms, wall: passed })}\n`,
      );
    wall = performance.now();
    spent = process.cpuUsage();
  };
  setInterval(tick, 1).unref();
}
