import type { Store } from '@taas/store';

/** A store that is followed otherwise. */
export function withFollow<S extends Store>(store: S, follow: Store['follow']): S {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'follow') return follow;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
