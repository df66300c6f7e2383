import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, vi } from 'vitest';

/** The entries of a follower's first event, which nobody but the follower can hold when this has returned. */
export async function takenSnapshot(
  events: AsyncIterator<{ readonly kind: string; readonly entries?: readonly object[] }>,
): Promise<WeakRef<object>> {
  const { value } = await events.next();
  if (value?.entries === undefined) throw new Error('the first event is no snapshot');
  return new WeakRef(value.entries);
}

/** Waits until nobody holds it any more. */
export async function untilCollected(taken: WeakRef<object>): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  await vi.waitFor(() => {
    collect();
    // Not the object itself: what an expectation has seen is kept with it.
    expect(taken.deref() === undefined).toBe(true);
  });
}
