import type { Clock } from '@taas/service';
import type { Store } from '@taas/store';

/** A store whose transactions arrive late, so that whoever asks at the same time has decided before either is written. */
export function slowStore(store: Store, clock: Clock, ms: number): Store {
  return {
    get: (key, options) => store.get(key, options),
    list: (prefix, options) => store.list(prefix, options),
    transact: async (transaction, options) => {
      await clock.sleep(ms);
      return store.transact(transaction, options);
    },
    follow: (wanted, signal) => store.follow(wanted, signal),
    lease: (ttl, options) => store.lease(ttl, options),
    close: () => store.close(),
  };
}
