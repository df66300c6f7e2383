import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { onAbort } from './on-abort.js';

const left = (...of: AbortController[]) => of.map(({ signal }) => getEventListeners(signal, 'abort').length);

it('calls once, whichever aborts first, and leaves no listener', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  let calls = 0;
  onAbort([a.signal, b.signal], () => {
    calls += 1;
  });
  expect(left(a, b)).toEqual([1, 1]);
  b.abort();
  expect(left(a, b)).toEqual([0, 0]);
  a.abort();
  expect(calls).toBe(1);
});

it('calls at once if one has aborted, and listens to none', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  b.abort();
  let calls = 0;
  onAbort([a.signal, b.signal], () => {
    calls += 1;
  });
  expect([calls, ...left(a, b)]).toEqual([1, 0, 0]);
});

it('does not call once it was taken off', () => {
  const a = new AbortController();
  let calls = 0;
  onAbort([a.signal], () => {
    calls += 1;
  })();
  expect(left(a)).toEqual([0]);
  a.abort();
  expect(calls).toBe(0);
});
