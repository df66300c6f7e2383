import { systemClock } from '@taas/service';
import { expect, it } from 'vitest';
import { BackgroundCount } from './background-count.js';
import { Slices } from './slices.js';

it('keeps the last count that was whole, says why another has failed, and counts again in time', async () => {
  let now = 0;
  const failures: unknown[] = [];
  const reasons = [null, new Error('a record is not what it was'), null];
  let begun = 0;
  const deps = {
    slices: new Slices({ clock: systemClock }),
    clock: { monotonic: () => now },
    failed: (cause: unknown) => void failures.push(cause),
  };
  const count = new BackgroundCount(
    deps,
    function* () {
      const reason = reasons[begun++];
      yield;
      if (reason) throw reason;
      return begun;
    },
    0,
  );
  const said: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    count.last();
    await count.settled();
    said.push(count.last());
    now += 60_000;
  }
  expect(said).toEqual([1, 1, 3]);
  expect(failures).toEqual([reasons[1]]);
});
