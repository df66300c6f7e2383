import type { Store } from '@taas/store';

/** A store of which some methods are otherwise. */
export function storeWith<S extends Store>(store: S, own: Partial<Store>): S {
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(name in own ? own : target, name);
      return typeof value === 'function' && !(name in own) ? value.bind(target) : value;
    },
  });
}
