import type { Compare, Operation, Store } from '@taas/store';

export type StoredValue = Awaited<ReturnType<Store['get']>>;

/** What refused transactions have shown so far; newer than the view. */
export class Seen {
  readonly keys = new Map<string, StoredValue>();
}

/** A transaction in the making: each key is compared once and written once. */
export class Draft {
  /** Whether it takes a turn by a quota. */
  counted = false;
  /** Whose roles are taken. */
  readonly ports = new Set<string>();
  readonly #compare = new Map<string, Compare>();
  readonly #operations = new Map<string, Operation>();

  /** Operations or comparisons, whichever are more. */
  get size(): number {
    return Math.max(this.#compare.size, this.#operations.size);
  }

  writes(key: string): boolean {
    return this.#operations.has(key);
  }

  compare(key: string, compare: Compare): void {
    this.#compare.set(key, compare);
  }

  /** @param lease of etcd, with which the key goes */
  put(key: string, value: string, lease?: string): void {
    this.#operations.set(key, { kind: 'put', key, value, ...(lease === undefined ? {} : { lease }) });
  }

  transaction(): { readonly compare: readonly Compare[]; readonly operations: readonly Operation[] } {
    return { compare: [...this.#compare.values()], operations: [...this.#operations.values()] };
  }
}
