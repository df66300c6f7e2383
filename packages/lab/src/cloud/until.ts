import type { Clock } from '@taas/service';

/**
 * Looks until the condition holds.
 * @param detail what is known of it, for the error
 * @throws Error saying what never came true, after `timeoutMs`
 */
export async function until(
  clock: Clock,
  what: string,
  condition: () => Promise<boolean>,
  timeoutMs: number,
  detail: () => unknown = () => '',
): Promise<void> {
  const deadline = clock.monotonic() + timeoutMs;
  while (!(await condition())) {
    if (clock.monotonic() > deadline) throw new Error(`not true after ${timeoutMs} ms: ${what} ${detail()}`);
    await clock.sleep(10);
  }
}
