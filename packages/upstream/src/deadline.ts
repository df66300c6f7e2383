/** The time that was given is over. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(readonly timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/**
 * Runs `work` with a signal that aborts with the caller's, or after `timeoutMs` with a DeadlineError. (Not
 * AbortSignal.any: on a signal that lives as long as the program its dependants pile up in some releases of Node 20.)
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(new DeadlineError(timeoutMs)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * As {@link withDeadline}, for work that may not heed its signal: it is not waited for any longer then.
 * @throws what the work throws; DeadlineError
 */
export function within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(new AbortController().signal, timeoutMs, (signal) =>
    Promise.race([
      work(signal),
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ]),
  );
}
