import type { Clock } from '@taas/service';
import type { Capture } from './lab-switch.js';

export interface SettleOptions {
  /** Frames that should come; fewer are waited for until the deadline. */
  readonly atLeast: number;
  readonly timeoutMs?: number;
  /** How long nothing more may come before it counts as settled: a copy too many shows itself in this time. */
  readonly quietMs?: number;
}

/** Resolves with the number of frames captured, once enough have come and then no more came for a while. */
export async function settled(capture: Capture, clock: Clock, options: SettleOptions): Promise<number> {
  const deadline = clock.monotonic() + (options.timeoutMs ?? 5_000);
  let count = await capture.count();
  let since = clock.monotonic();
  for (;;) {
    await clock.sleep(10);
    const now = clock.monotonic();
    const next = await capture.count();
    if (next !== count) {
      count = next;
      since = now;
      continue;
    }
    const quiet = now - since >= (options.quietMs ?? 100);
    if (quiet && (count >= options.atLeast || now > deadline)) return count;
  }
}
