/**
 * Calls `listener` once, when the first of the signals aborts; at once if one has.
 *
 * Not by addEventListener's own option `signal`: Node keeps, for one target, only the last listener alive that is to take such a
 * listener off again. A wait that began earlier at the same signal is then never taken off, and every one of them stays until the
 * program ends (seen on Node 20.20, as the warning of eleven listeners).
 * @returns takes the listeners off; to be called when the wait is over
 */
export function onAbort(signals: readonly AbortSignal[], listener: () => void): () => void {
  const off = () => {
    for (const signal of signals) signal.removeEventListener('abort', called);
  };
  const called = () => {
    off();
    listener();
  };
  if (signals.some(({ aborted }) => aborted)) {
    listener();
    return off;
  }
  for (const signal of signals) signal.addEventListener('abort', called);
  return off;
}
