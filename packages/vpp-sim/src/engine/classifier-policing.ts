import type { ClassifierTables } from './classifier-table.js';
import type { L2ConfigTable } from './l2-config.js';
import { INPUT } from './l2-features.js';
import type { PolicerTable } from './policer-table.js';
import { EngineError } from './retval.js';

/**
 * Classifier tables whose sessions name policers (vnet/classify/policer_classify.c), at layer 2. As with input ACLs VPP
 * forgets nothing by itself: an interface that is gone leaves its table to whoever gets its index.
 */
export class ClassifierPolicing {
  readonly #applied = new Map<number, number>();

  constructor(
    private readonly configs: L2ConfigTable,
    private readonly tables: ClassifierTables,
    private readonly policers: PolicerTable,
  ) {}

  /** Does nothing, and says nothing, where there is a table already. @throws EngineError NO_SUCH_TABLE. */
  apply(swIfIndex: number, table: number): void {
    this.tables.get(table);
    if (this.#applied.has(swIfIndex)) return;
    this.#applied.set(swIfIndex, table);
    this.configs.at(swIfIndex).inputFeatures |= INPUT.POLICER_CLAS;
  }

  /** @throws EngineError NO_SUCH_TABLE for a table that is not there, or not on this interface. */
  withdraw(swIfIndex: number, table: number): void {
    this.tables.get(table);
    if (this.#applied.get(swIfIndex) !== table)
      throw new EngineError('NO_SUCH_TABLE', `classifier table ${table} polices nothing on interface ${swIfIndex}`);
    this.#applied.delete(swIfIndex);
    this.configs.at(swIfIndex).inputFeatures &= ~INPUT.POLICER_CLAS;
  }

  /** By interface, in ascending order. */
  applied(): (readonly [swIfIndex: number, table: number])[] {
    return [...this.#applied].sort(([a], [b]) => a - b);
  }

  /** Whether a frame that came in by an interface goes on; one that no session knows does. */
  passes(swIfIndex: number, frame: Uint8Array): boolean {
    const table = this.#applied.get(swIfIndex);
    const session = table === undefined ? undefined : this.tables.sessionFor(table, frame);
    return session === undefined || this.policers.passes(session.hit, frame.length);
  }
}
