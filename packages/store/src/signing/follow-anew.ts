import type { SignatureDesk } from './signature-desk.js';

/** Follows, and begins again from a new snapshot whenever keys for signatures change. Ends by `signal`, or as `follow` ends. */
export async function* followAnew<E>(
  desks: readonly SignatureDesk[],
  signal: AbortSignal,
  follow: (signal: AbortSignal) => AsyncIterable<E>,
): AsyncGenerator<E, void, undefined> {
  while (!signal.aborted) {
    // AbortSignal.any would do, but Node 20 keeps its products alive as long as a long-lived source.
    const scope = new AbortController();
    const stop = () => scope.abort(signal.reason);
    const sources = [signal, ...desks.map(({ changed }) => changed)];
    for (const source of sources) source.addEventListener('abort', stop, { once: true });
    try {
      yield* follow(scope.signal);
      // It has ended by itself: the store was closed.
      if (!scope.signal.aborted) return;
    } finally {
      for (const source of sources) source.removeEventListener('abort', stop);
      stop();
    }
  }
}
