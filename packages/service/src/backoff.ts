/** Limits of an exponential back-off, in milliseconds. */
export interface BackoffPolicy {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * The wait before attempt number `attempt` (0 is the first retry): doubles each time up to `maxMs`, with the upper half
 * of it random, so that many who failed together do not come back together.
 * @param random a number in [0, 1)
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: number): number {
  const ceiling = Math.min(policy.maxMs, policy.firstMs * 2 ** Math.min(attempt, 30));
  return ceiling / 2 + (ceiling / 2) * random;
}
