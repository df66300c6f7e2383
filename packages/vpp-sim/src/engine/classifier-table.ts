import { IndexPool } from './index-pool.js';
import { NO_INDEX } from './interface.js';
import type { L2ConfigTable } from './l2-config.js';
import { INPUT } from './l2-features.js';
import { EngineError } from './retval.js';

export interface ClassifierTable {
  readonly index: number;
  readonly buckets: number;
  readonly skip: number;
  /** Of 16 bytes each. */
  readonly vectors: number;
  readonly next: number;
  /** 0 drops. */
  readonly miss: number;
  readonly mask: Uint8Array;
  readonly sessions: Map<string, ClassifierSession>;
}

export interface ClassifierSession {
  readonly match: Uint8Array;
  readonly hit: number;
  readonly opaque: number;
  readonly advance: number;
}

type TableSpec = Omit<ClassifierTable, 'index' | 'sessions'>;

const VECTOR = 16;
const DROP = 0;

/**
 * VPP's classifier as the input ACL of layer 2 (vnet/classify). It forgets nothing by itself: an interface that is gone
 * leaves its table to whoever gets its index, and a table that is deleted stays on its interfaces.
 */
export class ClassifierTables {
  readonly #pool = new IndexPool();
  readonly #tables = new Map<number, ClassifierTable>();
  readonly #applied = new Map<number, number>();

  constructor(private readonly configs: L2ConfigTable) {}

  /** @throws EngineError INVALID_VALUE for a mask that is not as long as it says. */
  add(spec: TableSpec): ClassifierTable {
    if (spec.mask.length !== spec.vectors * VECTOR)
      throw new EngineError('INVALID_VALUE', 'the mask has another length');
    const table = { ...spec, index: this.#pool.take(), sessions: new Map<string, ClassifierSession>() };
    this.#tables.set(table.index, table);
    return table;
  }

  /** @throws EngineError NO_SUCH_TABLE. */
  delete(index: number, withChain: boolean): void {
    const table = this.get(index);
    if (withChain && this.#tables.has(table.next)) this.delete(table.next, true);
    this.#tables.delete(index);
    this.#pool.give(index);
  }

  /** @throws EngineError NO_SUCH_TABLE. */
  get(index: number): ClassifierTable {
    const table = this.#tables.get(index);
    if (table === undefined) throw new EngineError('NO_SUCH_TABLE', `there is no classifier table ${index}`);
    return table;
  }

  find(index: number): ClassifierTable | undefined {
    return this.#tables.get(index);
  }

  indices(): number[] {
    return [...this.#tables.keys()].sort((a, b) => a - b);
  }

  /** @throws EngineError NO_SUCH_TABLE; INVALID_VALUE for a match that is not as long as the table's. */
  addSession(index: number, match: Uint8Array, rest: Omit<ClassifierSession, 'match'>): void {
    const table = this.get(index);
    if (match.length !== (table.skip + table.vectors) * VECTOR)
      throw new EngineError('INVALID_VALUE', 'the match has another length');
    const masked = maskedBy(table, match);
    table.sessions.set(key(masked), { ...rest, match: masked });
  }

  deleteSession(index: number, match: Uint8Array): void {
    const table = this.get(index);
    if (!table.sessions.delete(key(maskedBy(table, match))))
      throw new EngineError('NO_SUCH_ENTRY', `classifier table ${index} has no such session`);
  }

  /** Does nothing, and says nothing, where there is a table already. @throws EngineError NO_SUCH_TABLE. */
  apply(swIfIndex: number, index: number): void {
    this.get(index);
    if (this.#applied.has(swIfIndex)) return;
    this.#applied.set(swIfIndex, index);
    this.configs.at(swIfIndex).inputFeatures |= INPUT.ACL;
  }

  /** @throws EngineError NO_SUCH_TABLE for a table that is not there, or not on this interface. */
  withdraw(swIfIndex: number, index: number): void {
    this.get(index);
    if (this.#applied.get(swIfIndex) !== index)
      throw new EngineError('NO_SUCH_TABLE', `classifier table ${index} is not on interface ${swIfIndex}`);
    this.#applied.delete(swIfIndex);
    this.configs.at(swIfIndex).inputFeatures &= ~INPUT.ACL;
  }

  appliedTo(swIfIndex: number): number {
    return this.#applied.get(swIfIndex) ?? NO_INDEX;
  }

  /** Whether a frame passes the table on an interface and those that follow it. */
  permits(swIfIndex: number, frame: Uint8Array): boolean {
    const head = this.appliedTo(swIfIndex);
    const session = this.sessionFor(head, frame);
    if (session !== undefined) return session.hit !== DROP;
    const last = [...this.#chain(head)].at(-1);
    return last === undefined || last.miss !== DROP;
  }

  /** The first session of a chain of tables that a frame hits. */
  sessionFor(head: number, frame: Uint8Array): ClassifierSession | undefined {
    for (const table of this.#chain(head)) {
      const start = table.skip * VECTOR;
      const seen = new Uint8Array(start + table.vectors * VECTOR);
      seen.set(frame.subarray(0, seen.length));
      const session = table.sessions.get(key(maskedBy(table, seen)));
      if (session !== undefined) return session;
    }
    return undefined;
  }

  *#chain(head: number): Generator<ClassifierTable> {
    for (let table = this.#tables.get(head); table !== undefined; table = this.#tables.get(table.next)) yield table;
  }
}

/** What a table compares: behind what it skips, under its mask. */
function maskedBy({ mask, skip }: ClassifierTable, bytes: Uint8Array): Uint8Array {
  return mask.map((bits, at) => bits & (bytes[skip * VECTOR + at] ?? 0));
}

const key = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
