import type { FollowEvent, Store } from '@taas/store';
import { storeWith } from '../store-with.suite.js';

/** A store whose followers can miss what changes: they learn of it by their next snapshot alone. */
export interface MissingChanges<S extends Store> {
  readonly store: S;
  /** From now on each follower misses all changes, until it begins anew. */
  miss(): void;
}

export function missingChanges<S extends Store>(store: S): MissingChanges<S> {
  let missed = 0;
  async function* follow(
    prefixes: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<FollowEvent, void, undefined> {
    let begun = missed;
    for await (const event of store.follow(prefixes, signal)) {
      if (event.kind === 'snapshot') begun = missed;
      if (begun === missed || event.kind !== 'changes') yield event;
    }
  }
  return {
    store: storeWith(store, { follow }),
    miss: () => {
      missed += 1;
    },
  };
}
