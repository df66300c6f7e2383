import { AsyncLocalStorage } from 'node:async_hooks';

/** On whose behalf something is written. */
export interface Actor {
  readonly userId: string;
  readonly projectId: string;
  readonly requestId: string;
}

/** Who asked, and why if nobody did. */
export interface Behalf {
  readonly actor: Actor | null;
  /** A sentence for the audit trail; empty for what a user asked. */
  readonly because: string;
}

const nobody: Behalf = { actor: null, because: '' };

/**
 * On whose behalf the code that runs now works. It goes along with every await, so that what is written to etcd on the way
 * knows it, by whichever function.
 */
export class Behalves {
  readonly #current = new AsyncLocalStorage<Behalf>();

  run<T>(behalf: Behalf, work: () => T): T {
    return this.#current.run(behalf, work);
  }

  get current(): Behalf {
    return this.#current.getStore() ?? nobody;
  }
}
