import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { WakeUp } from './wake-up.js';

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

it('several that wait at one signal leave nothing there, whatever is collected meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const stop = new AbortController();
  for (let n = 0; n < 12; n += 1) {
    const wakeUps = [new WakeUp(), new WakeUp(), new WakeUp()];
    const waits = wakeUps.map((each) => each.wait(stop.signal));
    expect(listeners(stop.signal)).toBe(3);
    await new Promise(setImmediate);
    collect();
    await new Promise(setImmediate);
    for (const each of wakeUps) each.call();
    await Promise.all(waits);
    expect(listeners(stop.signal)).toBe(0);
  }
});

it('a call before the wait is not missed, and several are one', async () => {
  const wakeUp = new WakeUp();
  const stop = new AbortController();
  wakeUp.call();
  wakeUp.call();
  await wakeUp.wait(stop.signal);
  let over = false;
  const second = wakeUp.wait(stop.signal).then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  expect(over).toBe(false);
  stop.abort();
  await second;
  await wakeUp.wait(stop.signal);
});
