import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock.js';

/** Work that stops now and then, so that others have their turn: a step is at most a millisecond's worth. */
export type Sliced<T> = Generator<void, T, void>;

/** How long work in slices may keep the event loop on one lap, in ms. */
export const sliceMs = 3;

/** Does all of the work at once. */
export function atOnce<T>(work: Sliced<T>): T {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

/**
 * Does the work in slices, between which the event loop has been round: what is short is done before this returns to it.
 * @throws what the work throws
 */
export async function inSlices<T>(work: Sliced<T>, clock: Pick<Clock, 'monotonic'>): Promise<T> {
  for (let until = clock.monotonic() + sliceMs; ; ) {
    const step = work.next();
    if (step.done) return step.value;
    if (clock.monotonic() < until) continue;
    await setImmediate();
    until = clock.monotonic() + sliceMs;
  }
}
