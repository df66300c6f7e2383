import type { Clock, Observe } from '@taas/service';
import type { Store } from '@taas/store';

/** The same store, of which it is known how long its calls take, those that fail included. */
export function timedStore(store: Store, clock: Clock, observe: Observe): Store {
  const timed = async <T>(operation: string, call: () => Promise<T>): Promise<T> => {
    const begun = clock.monotonic();
    try {
      return await call();
    } finally {
      observe({ operation }, (clock.monotonic() - begun) / 1000);
    }
  };
  return {
    get: (...args) => timed('get', () => store.get(...args)),
    list: (...args) => timed('list', () => store.list(...args)),
    transact: (...args) => timed('transact', () => store.transact(...args)),
    lease: (...args) => timed('lease', () => store.lease(...args)),
    follow: (...args) => store.follow(...args),
    close: () => store.close(),
  };
}
