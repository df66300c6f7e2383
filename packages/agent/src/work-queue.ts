import { WakeUp } from './wake-up.js';

/** What to look at in the next round. */
export interface Work {
  /** Everything, read anew. */
  readonly whole: boolean;
  readonly services: ReadonlySet<string>;
  readonly flows: ReadonlySet<string>;
}

/**
 * What has to be looked at, and the wake-up that says so. Holds ids, never events: however often a tap changes while a
 * round is under way, it is looked at once after that.
 */
export class WorkQueue {
  #whole = false;
  #services = new Set<string>();
  #flows = new Set<string>();
  readonly #wake = new WakeUp();

  addAll(): void {
    this.#whole = true;
    this.poke();
  }

  add(services: Iterable<string>, flows: Iterable<string>): void {
    for (const id of services) this.#services.add(id);
    for (const id of flows) this.#flows.add(id);
    if (this.#services.size > 0 || this.#flows.size > 0) this.poke();
  }

  /** A round has something to do that is kept elsewhere. */
  poke(): void {
    this.#wake.call();
  }

  take(): Work {
    const work = { whole: this.#whole, services: this.#services, flows: this.#flows };
    this.#whole = false;
    this.#services = new Set();
    this.#flows = new Set();
    return work;
  }

  /** Resolves when there is something to do, or when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return this.#wake.wait(signal);
  }
}
