import type { FollowEvent, Store } from '@taas/store';

/** A store whose followers can miss what changes: they learn of it by their next snapshot alone. */
export interface MissingChanges {
  /** From now on each follower misses all changes, until it begins anew. */
  miss(): void;
}

export function missingChanges<S extends Store>(store: S): S & MissingChanges {
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
  const own = {
    follow,
    miss: () => {
      missed += 1;
    },
  };
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in own ? own : target, name);
      return typeof value === 'function' && !(name in own) ? value.bind(target) : value;
    },
  }) as S & MissingChanges;
}
