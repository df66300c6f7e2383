import { parseOwnTag } from '../tags.js';
import { type Indices, Table } from './table.js';

interface Tagged {
  readonly tag: string;
}

/** Rows by number, of objects that have a tag; it remembers that one of ours has lost its own. */
export class TaggedTable<V extends Tagged, I extends string = never> extends Table<number, V, I | 'tag'> {
  #lostTag = false;

  constructor(indices: Indices<V, I>, changed: (index: number, old: V | undefined, now: V | undefined) => void) {
    const byTag: Indices<V, 'tag'> = { tag: ({ tag }) => (tag === '' ? [] : [tag]) };
    // Safe: these are the indices of the row, and the one by tag.
    super({ ...indices, ...byTag } as Indices<V, I | 'tag'>, (index, old, now) => {
      if (old && now?.tag === '' && parseOwnTag(old.tag) !== null) this.#lostTag = true;
      changed(index, old, now);
    });
  }

  /** Whether something of ours has lost its tag since this was asked last. */
  takeLostTag(): boolean {
    const lost = this.#lostTag;
    this.#lostTag = false;
    return lost;
  }
}
