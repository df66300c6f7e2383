import { useEffect } from 'preact/hooks';

/** The page never asks more often by itself. */
export const shortestMs = 5_000;

/**
 * Works at once, and then every so often while the page is looked at; a turn begins when the one before it has ended. The signal aborts when
 * the part goes.
 */
export function useEvery(
  ms: number,
  work: (signal: AbortSignal, first: boolean) => Promise<void>,
  inputs: readonly unknown[],
): void {
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const turn = async (first: boolean): Promise<void> => {
      if (first || !document.hidden) await work(stop.signal, first).catch(onlyIf(stop.signal));
      if (!stop.signal.aborted) timer = setTimeout(() => void turn(false), Math.max(shortestMs, ms));
    };
    void turn(true);
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, inputs);
}

/** What fails because nobody waits for it any more has not failed. */
function onlyIf(signal: AbortSignal) {
  return (error: unknown) => {
    if (!signal.aborted) throw error;
  };
}
