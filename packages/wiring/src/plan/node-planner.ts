import type { Sliced } from '@taas/service';
import type { NodeFacts } from '../node-facts.js';
import { saysTheSame } from '../objects/same-row.js';
import { countChanges, type VppSnapshot } from '../snapshot.js';
import type { Wanted } from '../wanted/wanted.js';
import type { Plan } from './plan.js';
import { planNode, planningNode, planningTaps, planTaps, type TapIds } from './plan-node.js';
import type { Unseen } from './planning.js';

/** How often that which a plan is made of has changed. */
interface AsOf {
  readonly wanted: number;
  readonly actual: number;
}

interface Kept {
  readonly plan: Plan;
  readonly wanted: Wanted;
  readonly asOf: AsOf;
  readonly facts: NodeFacts;
}

/** Does work in slices, between which others have their turn. */
export type InSlices = <T>(work: Sliced<T>) => Promise<T>;

/**
 * Makes the plans of a node in slices; at once, if something that the plan is made of has changed between two of them. The
 * plan of all taps is kept as long as nothing of that changes: polls mostly find what was there before, and planning is a function
 * of that alone.
 */
export class NodePlanner {
  readonly #changes: () => number;
  #kept: Kept | null = null;

  constructor(
    private readonly snapshot: VppSnapshot,
    private readonly inSlices: InSlices,
  ) {
    this.#changes = countChanges(snapshot);
  }

  /**
   * @param facts nothing of them changes before this has resolved
   * @returns what {@link planNode} would; the same object as before if nothing has changed
   */
  async all(wanted: Wanted, facts: NodeFacts, unseen: Unseen): Promise<Plan> {
    const kept = this.#kept;
    // Why a tap could not be looked at may be another reason the next time.
    const isSame = kept?.wanted === wanted && this.#isAsOf(kept.asOf, wanted);
    if (isSame && unseen.size === 0 && saysTheSame(kept.facts, facts)) return kept.plan;
    let asOf = this.#asOf(wanted);
    let plan = await this.#inSlices(planningNode(wanted, this.snapshot, facts, unseen), asOf, wanted);
    if (plan === null) {
      asOf = this.#asOf(wanted);
      plan = planNode(wanted, this.snapshot, facts, unseen);
    }
    this.#kept = unseen.size === 0 ? { plan, wanted, asOf, facts } : null;
    return plan;
  }

  /**
   * @param facts nothing of them changes before this has resolved
   * @returns what {@link planTaps} would
   */
  async some(ids: TapIds, wanted: Wanted, facts: NodeFacts, unseen: Unseen): Promise<Plan> {
    const work = planningTaps(ids, wanted, this.snapshot, facts, unseen);
    const plan = await this.#inSlices(work, this.#asOf(wanted), wanted);
    return plan ?? planTaps(ids, wanted, this.snapshot, facts, unseen);
  }

  /** Null if something has changed since, whatever came of it then. */
  async #inSlices(work: Sliced<Plan>, before: AsOf, wanted: Wanted): Promise<Plan | null> {
    try {
      const plan = await this.inSlices(work);
      return this.#isAsOf(before, wanted) ? plan : null;
    } catch (error) {
      if (this.#isAsOf(before, wanted)) throw error;
      return null;
    }
  }

  #asOf(wanted: Wanted): AsOf {
    return { wanted: wanted.changes, actual: this.#changes() };
  }

  #isAsOf(before: AsOf, wanted: Wanted): boolean {
    const now = this.#asOf(wanted);
    return now.wanted === before.wanted && now.actual === before.actual;
  }
}
