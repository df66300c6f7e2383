import { StoreError } from './store-error.js';

/** A state of etcd's v2 store. It is no revision of the v3 store, which is another store, and must not be compared with one. */
export type V2Index = number;

export interface V2Entry {
  readonly key: string;
  readonly value: string;
  /** Of the key's last change. */
  readonly modifiedIndex: V2Index;
}

export type V2Change =
  | { readonly kind: 'put'; readonly entry: V2Entry }
  | { readonly kind: 'delete'; readonly key: string };

/** As the store's `FollowEvent`: a snapshot replaces all that was known, and after `stale` nothing is known until the next. */
export type V2Event =
  | { readonly kind: 'snapshot'; readonly index: V2Index; readonly entries: readonly V2Entry[] }
  | { readonly kind: 'changes'; readonly index: V2Index; readonly changes: readonly V2Change[] }
  | { readonly kind: 'stale'; readonly cause: Error };

/** A key or a directory as etcd's v2 API shows it (Documentation/v2/api.md of etcd 3.4). */
export interface V2Node {
  readonly key: string;
  readonly value?: string;
  readonly dir?: boolean;
  readonly nodes?: readonly V2Node[];
  readonly modifiedIndex: V2Index;
}

/** What a watch answers. */
export interface V2Action {
  readonly action: string;
  readonly node: V2Node;
}

/** @throws StoreError `unavailable` for an answer of another form: nothing can be concluded from it */
export function parseAction(body: string): V2Action {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (cause) {
    throw new StoreError('unavailable', "etcd's answer is not JSON", { cause });
  }
  const { action, node } = fieldsOf(json);
  if (typeof action !== 'string') throw oddAnswer();
  return { action, node: parseNode(node) };
}

/** Directories in directories: networking-vpp's keys are five deep, and what somebody put deeper is none of them. */
const deepest = 32;

function parseNode(json: unknown, depth = 0): V2Node {
  // The root directory is shown without a key, and a new store's root without an index.
  const { key = '/', value, dir, nodes, modifiedIndex = 0 } = fieldsOf(json);
  if (typeof key !== 'string' || typeof modifiedIndex !== 'number') throw oddAnswer();
  if (dir === true) {
    if (nodes !== undefined && !Array.isArray(nodes)) throw oddAnswer();
    const below = depth < deepest ? (nodes ?? []) : [];
    return { key, dir, modifiedIndex, nodes: below.map((each) => parseNode(each, depth + 1)) };
  }
  return { key, modifiedIndex, ...(typeof value === 'string' ? { value } : {}) };
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null) throw oddAnswer();
  return json as Readonly<Record<string, unknown>>;
}

const oddAnswer = (): StoreError =>
  new StoreError('unavailable', "etcd's answer does not have the form of the v2 API's");

/** All keys at and below a node; directories are none. */
export function entriesOf(node: V2Node): V2Entry[] {
  if (!node.dir) return [{ key: node.key, value: node.value ?? '', modifiedIndex: node.modifiedIndex }];
  return (node.nodes ?? []).flatMap(entriesOf);
}

const written = new Set(['set', 'create', 'update', 'compareAndSwap']);
const removed = new Set(['delete', 'expire', 'compareAndDelete']);

/** The keys of a directory: what it takes to say which went when etcd says only that a directory did. */
export class V2Keys {
  readonly #keys: Set<string>;

  constructor(
    private readonly directory: string,
    entries: readonly V2Entry[],
  ) {
    this.#keys = new Set(entries.map(({ key }) => key));
  }

  /**
   * Takes over what a watch has answered. It may be about a directory above ours that was removed with all below it, or
   * about a neighbour of it whose name begins alike.
   * @returns what became of the keys, or null for something that a later etcd may do and nobody here knows
   */
  apply({ action, node }: V2Action): readonly V2Change[] | null {
    if (removed.has(action)) return this.#remove(node);
    if (!written.has(action)) return null;
    if (!node.key.startsWith(`${this.directory}/`)) return [];
    // A directory is no key, but one that was made may have taken the place of one.
    if (node.dir) return this.#forget([node.key]);
    this.#keys.add(node.key);
    return [{ kind: 'put', entry: { key: node.key, value: node.value ?? '', modifiedIndex: node.modifiedIndex } }];
  }

  #remove(node: V2Node): readonly V2Change[] {
    if (!node.dir) return this.#forget([node.key]);
    const below = `${node.key === '/' ? '' : node.key}/`;
    return this.#forget([...this.#keys].filter((key) => key.startsWith(below)));
  }

  #forget(keys: readonly string[]): readonly V2Change[] {
    return keys.filter((key) => this.#keys.delete(key)).map((key) => ({ kind: 'delete', key }));
  }
}
