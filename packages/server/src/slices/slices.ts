import { type Clock, type Sliced, sliceMs } from '@taas/service';

export { atOnce, type Sliced, sliceMs } from '@taas/service';

interface Job {
  /** Works until `deadline` (monotonic ms) or the end. @returns whether it has ended */
  readonly work: (deadline: number) => boolean;
}

export interface SlicesDeps {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Calls back once the event loop has been round; setImmediate if absent. */
  readonly nextLap?: (run: () => void) => void;
}

/**
 * Lets long work of many go on in slices: between two of them the event loop has been round, so that requests, leases and
 * timers wait for one slice and no more. Projects take turns, so that who asks for much waits for it alone.
 */
export class Slices {
  /** By project, the next one first. */
  readonly #lines = new Map<string, Job[]>();
  #scheduled = false;

  constructor(private readonly deps: SlicesDeps) {}

  /**
   * Does the work, in slices.
   * @param project whose turn it takes
   * @throws what the work throws; the signal's reason, as soon as the work has its next turn
   */
  run<T>(project: string, work: Sliced<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const steps = (deadline: number): boolean => {
        try {
          signal?.throwIfAborted();
          do {
            const step = work.next();
            if (!step.done) continue;
            resolve(step.value);
            return true;
          } while (this.deps.clock.monotonic() < deadline);
          return false;
        } catch (error) {
          reject(error);
          if (signal?.aborted) abandon(work);
          return true;
        }
      };
      const line = this.#lines.get(project);
      if (line) line.push({ work: steps });
      else this.#lines.set(project, [{ work: steps }]);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#lines.size === 0) return;
    this.#scheduled = true;
    (this.deps.nextLap ?? setImmediate)(() => {
      this.#scheduled = false;
      this.#lap();
      this.#schedule();
    });
  }

  #lap(): void {
    const deadline = this.deps.clock.monotonic() + sliceMs;
    do {
      const [next] = this.#lines;
      if (next === undefined) return;
      const [project, line] = next;
      const job = line.shift();
      this.#lines.delete(project);
      if (job !== undefined && !job.work(deadline)) line.push(job);
      // Behind all others.
      if (line.length > 0) this.#lines.set(project, line);
    } while (this.deps.clock.monotonic() < deadline);
  }
}

/** Lets work that nobody waits for any more clean up after itself. */
function abandon(work: Sliced<unknown>): void {
  work.return(undefined);
}
