import type { NodeFacts } from '../node-facts.js';
import { saysTheSame } from '../objects/same-row.js';
import { countChanges, type VppSnapshot } from '../snapshot.js';
import type { Wanted } from '../wanted/wanted.js';
import type { Plan } from './plan.js';
import { planNode } from './plan-node.js';
import type { Unseen } from './planning.js';

interface Kept {
  readonly plan: Plan;
  readonly wanted: Wanted;
  /** Of what is wanted, and of VPP's state, when the plan was made. */
  readonly asWanted: number;
  readonly changes: number;
  readonly facts: NodeFacts;
}

/**
 * The plan of the whole node, made anew only when something has changed that it is made of: polls mostly find what was there before, and
 * planning is a function of that alone.
 */
export class KeptPlan {
  readonly #changes: () => number;
  #kept: Kept | null = null;

  constructor(private readonly snapshot: VppSnapshot) {
    this.#changes = countChanges(snapshot);
  }

  /** @returns what {@link planNode} would; the same object as before if nothing has changed */
  of(wanted: Wanted, facts: NodeFacts, unseen: Unseen): Plan {
    const [asWanted, changes] = [wanted.changes, this.#changes()];
    const kept = this.#kept;
    // Why a tap could not be looked at may be another reason the next time.
    const isSame = kept?.wanted === wanted && kept.asWanted === asWanted && kept.changes === changes;
    if (isSame && unseen.size === 0 && saysTheSame(kept.facts, facts)) return kept.plan;
    const plan = planNode(wanted, this.snapshot, facts, unseen);
    this.#kept = unseen.size === 0 ? { plan, wanted, asWanted, changes, facts } : null;
    return plan;
  }
}
