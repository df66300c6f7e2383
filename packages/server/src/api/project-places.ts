import { tooManyRequests } from '../errors/neutron-error.js';

export interface ProjectPlacesLimits {
  /** Places that a project has. */
  readonly places: number;
  /** Requests of a project that may wait for one. */
  readonly waiting: number;
}

interface Line {
  taken: number;
  readonly waiting: { readonly enter: () => void }[];
}

/** How long who finds the line full is told to stay away, in ms. */
const retryMs = 1_000;

/**
 * Each project has so many places, and a line before them: what it asks for at the same time holds memory for no longer than
 * that, and holds up nobody else.
 */
export class ProjectPlaces {
  readonly #lines = new Map<string, Line>();

  constructor(private readonly limits: ProjectPlacesLimits) {}

  /**
   * Resolves with the function that gives the place back; calling it twice does nothing more.
   * @throws NeutronError 429 when too many of the project wait; the signal's reason
   */
  async take(project: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const line = this.#lines.get(project) ?? { taken: 0, waiting: [] };
    this.#lines.set(project, line);
    if (line.taken < this.limits.places) line.taken += 1;
    else await this.#wait(line, signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      // A place that is handed on stays taken.
      const next = line.waiting.shift();
      if (next) next.enter();
      else if (--line.taken === 0) this.#lines.delete(project);
    };
  }

  #wait(line: Line, signal: AbortSignal): Promise<void> {
    if (line.waiting.length >= this.limits.waiting) return Promise.reject(tooManyRequests(retryMs));
    return new Promise((resolve, reject) => {
      const waiter = {
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = () => {
        const at = line.waiting.indexOf(waiter);
        if (at >= 0) line.waiting.splice(at, 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      line.waiting.push(waiter);
    });
  }
}
