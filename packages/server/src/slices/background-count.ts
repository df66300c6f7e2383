import type { Clock } from '@taas/service';
import type { Sliced, Slices } from './slices.js';

export interface BackgroundCountDeps {
  readonly slices: Slices;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Told why a count has failed: what is said meanwhile is the last one that was whole. */
  readonly failed: (cause: unknown) => void;
}

/** A count is begun no sooner than so long after the last one, in ms, */
const pauseMs = 5_000;
/** and after so many times what that one took: counting is a twentieth of the time at most. */
const share = 20;

/**
 * Something that is counted in slices, begun by who asks: nobody waits for the count, and where nobody asks nothing is
 * counted.
 */
export class BackgroundCount<T> {
  #last: T;
  #counting: Promise<void> | null = null;
  #notBefore = 0;

  /** @param before what is said before the first count has ended */
  constructor(
    private readonly deps: BackgroundCountDeps,
    private readonly count: () => Sliced<T>,
    before: T,
  ) {
    this.#last = before;
  }

  /** The last count that is whole; begins the next if it is time for it. */
  last(): T {
    const { clock } = this.deps;
    if (this.#counting === null && clock.monotonic() >= this.#notBefore) {
      const begun = clock.monotonic();
      this.#counting = this.#run()
        // The next one is tried in time.
        .catch((cause: unknown) => this.deps.failed(cause))
        .finally(() => {
          this.#counting = null;
          const now = clock.monotonic();
          this.#notBefore = now + Math.max(pauseMs, (now - begun) * share);
        });
    }
    return this.#last;
  }

  /** Resolves when the count in progress has ended. */
  async settled(): Promise<void> {
    await this.#counting;
  }

  async #run(): Promise<void> {
    this.#last = await this.deps.slices.run('', this.count());
  }
}
