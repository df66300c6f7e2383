/** What tells which of two records is the older one. */
export interface Aged {
  /** When the record says that it was made, in ms since the epoch. */
  readonly madeAt: number;
  /** Of etcd, when its key was made. */
  readonly createRevision: number;
  readonly id: string;
}

export function compareAge(a: Aged, b: Aged): number {
  return a.madeAt - b.madeAt || a.createRevision - b.createRevision || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Above this a block is cut in two: small enough to move cheaply, large enough that few blocks hold many. */
const largestBlock = 512;

/** Records in the order in which they were made, in blocks, so that one more or less moves a few hundred and not all. */
export class ByAge {
  readonly #blocks: Aged[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param item not here yet */
  add(item: Aged): void {
    const at = this.#blockOf(item);
    const block = this.#blocks[at];
    this.#size += 1;
    if (block === undefined) {
      this.#blocks.push([item]);
      return;
    }
    block.splice(firstNotBefore(block, item), 0, item);
    if (block.length > largestBlock) this.#blocks.splice(at + 1, 0, block.splice(block.length >>> 1));
  }

  /** Takes away what is as old and has the same id, if it is here. */
  delete(item: Aged): void {
    const at = this.#blockOf(item);
    const block = this.#blocks[at];
    if (block === undefined) return;
    const index = firstNotBefore(block, item);
    if (block[index] === undefined || compareAge(block[index], item) !== 0) return;
    block.splice(index, 1);
    this.#size -= 1;
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** All as they are now, oldest first: what is made or goes later does not change it. A copy of pointers. */
  all(): readonly Aged[] {
    // Array.flat takes some ten times as long.
    return ([] as Aged[]).concat(...this.#blocks);
  }

  /** Index of the block that holds the item or would: the last one that begins at or before it. */
  #blockOf(item: Aged): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareAge(this.#blocks[middle]?.[0] ?? item, item) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Index of the first of a list in order that is not older than the item. */
export function firstNotBefore(list: readonly Aged[], item: Aged): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAge(list[middle] ?? item, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
