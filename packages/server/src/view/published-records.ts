import { RecordError, type ResourceKind } from '@taas/model';
import type { KeyValue } from '@taas/store';
import type { ValuedEntry } from './entry.js';
import { Groups } from './groups.js';
import { believed, ownId } from './record-value.js';

/** What one node was told about one tap. */
export interface PublishedEntry<K extends ResourceKind, R> extends ValuedEntry<R> {
  readonly node: string;
  readonly kind: K;
  readonly id: string;
}

/** The node and the tap that a key is about. */
export interface PublishedAt {
  readonly node: string;
  readonly id: string;
}

/** What nodes are told of the taps of one kind, tombstones included: found by key, by tap and by node. */
export class PublishedRecords<K extends ResourceKind, R extends { readonly id: string }> {
  readonly #byKey = new Map<string, PublishedEntry<K, R>>();
  readonly #byTap = new Groups<string, string>();
  readonly #byNode = new Groups<string, string>();

  constructor(
    private readonly kind: K,
    private readonly parse: (key: string, value: string) => R,
  ) {}

  /** A malformed value is taken in as one, without a record. @returns what is wrong with it */
  set({ node, id }: PublishedAt, kv: KeyValue): { readonly record: R | null; readonly error: RecordError | null } {
    const { key, modRevision: revision, createRevision, value } = kv;
    const read = this.#read(id, kv);
    this.#byKey.set(key, { key, revision, createRevision, value, record: read.record, node, kind: this.kind, id });
    this.#byTap.add(id, key);
    this.#byNode.add(node, key);
    return read;
  }

  forget({ node, id }: PublishedAt, key: string): void {
    this.#byKey.delete(key);
    this.#byTap.remove(id, key);
    this.#byNode.remove(node, key);
  }

  get(key: string): PublishedEntry<K, R> | undefined {
    return this.#byKey.get(key);
  }

  ofTap(id: string): readonly PublishedEntry<K, R>[] {
    return this.#entries(this.#byTap.members(id));
  }

  onNode(node: string): readonly PublishedEntry<K, R>[] {
    return this.#entries(this.#byNode.members(node));
  }

  /** Taps that any node has been told of. */
  taps(): IterableIterator<string> {
    return this.#byTap.keys();
  }

  #entries(keys: Iterable<string>): PublishedEntry<K, R>[] {
    const found: PublishedEntry<K, R>[] = [];
    for (const key of keys) {
      const entry = this.#byKey.get(key);
      if (entry) found.push(entry);
    }
    return found;
  }

  #read(id: string, kv: KeyValue): { readonly record: R | null; readonly error: RecordError | null } {
    try {
      return { record: ownId(id, kv.key, this.parse(kv.key, believed(kv))), error: null };
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return { record: null, error };
    }
  }
}
