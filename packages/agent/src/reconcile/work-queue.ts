import { WakeUp } from '../wake-up.js';
import { addTaps, isEmpty, noTaps, type TapIds } from '../wanted/tap-ids.js';

/** What to look at in the next round. */
export interface Work {
  /** Everything, read anew. */
  readonly whole: boolean;
  readonly ids: TapIds;
}

/**
 * What has to be looked at, and the wake-up that says so. Holds ids, never events: however often a tap changes while a
 * round is in progress, it is looked at once after that.
 */
export class WorkQueue {
  #whole = false;
  #ids = noTaps();
  readonly #wake = new WakeUp();

  addAll(): void {
    this.#whole = true;
    this.poke();
  }

  add(ids: TapIds): void {
    addTaps(this.#ids, ids);
    if (!isEmpty(this.#ids)) this.poke();
  }

  /** A round has something to do that is kept elsewhere. */
  poke(): void {
    this.#wake.call();
  }

  /** What has been asked for and not been taken yet. */
  get waiting(): Work {
    return { whole: this.#whole, ids: this.#ids };
  }

  take(): Work {
    const work = { whole: this.#whole, ids: this.#ids };
    this.#whole = false;
    this.#ids = noTaps();
    return work;
  }

  /** Resolves when there is something to do, or when `signal` aborts. */
  wait(signal: AbortSignal): Promise<void> {
    return this.#wake.wait(signal);
  }
}
