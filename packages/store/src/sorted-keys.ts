import { compareKeys } from './key-order.js';

/** Above this a block is cut in two: small enough to move cheaply, large enough that few blocks hold many keys. */
const largestBlock = 512;

/** A set of keys in etcd's order, in blocks, so that adding one moves a few hundred keys and not all of them. */
export class SortedKeys {
  readonly #blocks: string[][] = [];

  /** @param key not in the set yet */
  add(key: string): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([key]);
      return;
    }
    block.splice(firstNotBefore(block, key), 0, key);
    if (block.length > largestBlock) this.#blocks.splice(at + 1, 0, block.splice(block.length >>> 1));
  }

  /** @param key in the set */
  delete(key: string): void {
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) return;
    block.splice(firstNotBefore(block, key), 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** The keys from the first that is not before `start` on. */
  *from(start: string): Generator<string> {
    const at = this.#blockOf(start);
    for (let i = at; i < this.#blocks.length; i += 1) {
      const block = this.#blocks[i] ?? [];
      for (let j = i === at ? firstNotBefore(block, start) : 0; j < block.length; j += 1) yield block[j] as string;
    }
  }

  /** Index of the block that holds the key or would: the last one that begins at or before it. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#blocks[middle]?.[0] ?? '', key) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Index of the first key of a block that is not before `key`. */
function firstNotBefore(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(block[middle] ?? '', key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
