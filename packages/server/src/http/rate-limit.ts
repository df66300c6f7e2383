import { type Clock, Latest } from '@taas/service';

export interface RateLimits {
  /** Requests a second that a project may send for ever; 0 for no limit. */
  readonly perSecond: number;
  /** Requests that it may send at once after a rest. */
  readonly burst: number;
}

/** Projects whose bucket is remembered: one that is forgotten starts again with a full one. */
const maxProjects = 10_000;

/** A token bucket a project, so that one project's loops do not take the server from the others. */
export class RateLimiter {
  readonly #buckets = new Latest<string, { level: number; at: number }>(maxProjects);

  constructor(
    private readonly limits: RateLimits,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a token, or several at once; more than the burst count as the burst.
   * @returns how long to wait until there are as many again, in ms; 0 if they could be taken
   */
  take(project: string, tokens = 1): number {
    const { perSecond, burst } = this.limits;
    if (perSecond <= 0) return 0;
    const needed = Math.min(tokens, burst);
    const now = this.clock.monotonic();
    const level = this.#level(project, now);
    this.#buckets.put(project, { level: level >= needed ? level - needed : level, at: now });
    return this.#waitFor(needed, level);
  }

  /** What {@link take} would return; takes nothing. */
  wait(project: string, tokens = 1): number {
    const { perSecond, burst } = this.limits;
    if (perSecond <= 0) return 0;
    return this.#waitFor(Math.min(tokens, burst), this.#level(project, this.clock.monotonic()));
  }

  #level(project: string, now: number): number {
    const { perSecond, burst } = this.limits;
    const known = this.#buckets.get(project);
    return known ? Math.min(burst, known.level + ((now - known.at) / 1000) * perSecond) : burst;
  }

  #waitFor(needed: number, level: number): number {
    return level >= needed ? 0 : ((needed - level) / this.limits.perSecond) * 1000;
  }
}
