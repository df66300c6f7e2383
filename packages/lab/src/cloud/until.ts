import type { Clock } from '@taas/service';

export interface UntilOptions {
  readonly timeoutMs: number;
  /** How long it is left alone between two polls. */
  readonly everyMs: number;
  /** What is known of it, for the error. */
  readonly detail?: () => unknown;
}

/**
 * Looks until the condition holds.
 * @throws Error saying what never came true, after `timeoutMs`
 */
export async function until(
  clock: Clock,
  what: string,
  condition: () => Promise<boolean>,
  { timeoutMs, everyMs, detail = () => '' }: UntilOptions,
): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  while (!(await condition())) {
    if (clock.monotonic() > deadline) throw new Error(`not true after ${timeoutMs} ms: ${what} ${detail()}`);
    await clock.sleep(everyMs);
  }
}
