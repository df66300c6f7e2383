import { keys, RecordError, type ResourceKind } from '@taas/model';
import type { KeyValue, Revision } from '@taas/store';
import type { ValuedEntry } from './entry.js';
import { Groups } from './groups.js';
import { ReadRecords } from './read-records.js';
import { believed, ownId } from './record-value.js';
import type { TapPart } from './tap-part.js';

/** What one node was told about one tap. Key and record are worked out when somebody asks: the value has all there is. */
export class PublishedEntry<K extends ResourceKind, R extends object> implements ValuedEntry<R>, TapPart<K> {
  constructor(
    private readonly records: ReadRecords<PublishedEntry<K, R>, R>,
    readonly node: string,
    readonly kind: K,
    readonly id: string,
    readonly revision: Revision,
    readonly createRevision: Revision,
    readonly value: string,
    private readonly isReadable: boolean,
    /** The tap service that the record belongs to, if that is known. */
    readonly service: string | null,
  ) {}

  get key(): string {
    return keys.nodeResource(this.node, this.kind, this.id);
  }

  /** Null if it is malformed. */
  get record(): R | null {
    return this.isReadable ? this.records.of(this) : null;
  }
}

/** What a value says. */
export type ReadValue<R> =
  | { readonly record: R; readonly error: null }
  | { readonly record: null; readonly error: RecordError };

/** What nodes are told of the taps of one kind, tombstones included: found by tap and by node. */
export class PublishedRecords<K extends ResourceKind, R extends object & { readonly id: string }> {
  readonly #byTap = new Groups<string, PublishedEntry<K, R>>();
  readonly #byNode = new Groups<string, PublishedEntry<K, R>>();
  readonly #records: ReadRecords<PublishedEntry<K, R>, R>;

  constructor(
    private readonly kind: K,
    private readonly parse: (key: string, value: string) => R,
  ) {
    // The value has been found to be good.
    this.#records = new ReadRecords(({ value }) => JSON.parse(value) as R);
  }

  /** What is wrong with a malformed value is said, not thrown. */
  read(id: string, kv: KeyValue): ReadValue<R> {
    try {
      return { record: ownId(id, kv.key, this.parse(kv.key, believed(kv))), error: null };
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      return { record: null, error };
    }
  }

  /** @param service the tap service that it belongs to, if that is known @returns what it replaces, and what it is now */
  set({ node, id }: Omit<TapPart, 'kind'>, kv: KeyValue, isReadable: boolean, service: string | null) {
    const before = this.forget({ node, id });
    const { modRevision, createRevision, value } = kv;
    const now = new PublishedEntry(
      ...([this.#records, node, this.kind, id, modRevision, createRevision, value, isReadable, service] as const),
    );
    this.#byTap.add(id, now);
    this.#byNode.add(node, now);
    return { before, now };
  }

  /** @returns what it was, if there was anything */
  forget(at: Omit<TapPart, 'kind'>): PublishedEntry<K, R> | undefined {
    const before = this.get(at);
    if (!before) return undefined;
    this.#byTap.remove(at.id, before);
    this.#byNode.remove(at.node, before);
    return before;
  }

  get({ node, id }: Omit<TapPart, 'kind'>): PublishedEntry<K, R> | undefined {
    for (const each of this.#byTap.members(id)) if (each.node === node) return each;
    return undefined;
  }

  ofTap(id: string): readonly PublishedEntry<K, R>[] {
    return this.#byTap.get(id);
  }

  onNode(node: string): Iterable<PublishedEntry<K, R>> {
    return this.#byNode.members(node);
  }

  /** Taps that any node has been told of. */
  taps(): IterableIterator<string> {
    return this.#byTap.keys();
  }
}
