import { deletedBy, type Plan, type Step, type VppSnapshot } from '@taas/wiring';
import type { Contained } from '../contained.js';
import type { FeatureBits } from './feature-bits.js';
import { InterfaceWatch } from './interface-watch.js';
import { learnFeatureBits } from './learn-feature-bits.js';
import { type MadeIndices, performStep, resolveRef } from './perform-step.js';
import { type PlanResult, runPlan } from './run-plan.js';
import type { Vpp } from './vpp-messages.js';
import { VppReader } from './vpp-reader.js';

export interface VppSessionOptions {
  readonly vpp: Vpp;
  readonly snapshot: VppSnapshot;
  readonly parallel: number;
  /** As {@link InterfaceWatchOptions} has them. */
  readonly uplinks: ReadonlyMap<string, string>;
  readonly poke: () => void;
  readonly problem: (error: Error) => void;
  readonly contained: Contained;
  /** As {@link NodeFacts} has them. */
  readonly bridgeDomains: readonly [first: number, last: number];
}

/** One connection to a VPP: reads it into the snapshot, carries plans out on it, and hears what happens to its interfaces. */
export class VppSession {
  #bits: FeatureBits | null = null;
  readonly reader: VppReader;
  readonly watch: InterfaceWatch;

  constructor(private readonly options: VppSessionOptions) {
    const { vpp, snapshot, uplinks, poke, problem, contained } = options;
    this.reader = new VppReader(vpp, snapshot, contained, () => this.#bits);
    this.watch = new InterfaceWatch({ vpp, snapshot, reader: this.reader, uplinks, poke, problem });
  }

  /**
   * Finds out what must be known of this VPP before anything of it can be judged; once, unless it fails.
   * @throws FeatureBitsError when it cannot be found out; errors of VPP
   */
  async learn(): Promise<void> {
    const { vpp, bridgeDomains } = this.options;
    this.#bits ??= await learnFeatureBits({ vpp, bridgeDomains, as: 'agent' });
  }

  get vpp(): Vpp {
    return this.options.vpp;
  }

  execute(plan: Plan): Promise<PlanResult> {
    const { vpp, snapshot, parallel } = this.options;
    const made: MadeIndices = new Map();
    const send = performStep(vpp, snapshot, made);
    const perform = async (step: Step): Promise<void> => {
      const ref = deletedBy(step);
      const deleted = ref === null ? undefined : resolveRef(made, ref);
      if (deleted !== undefined) this.watch.expectDeletion(deleted);
      await send(step);
      // At once: what another sequence makes next gets the index, and its mirrors must not be taken for those of what was
      // there before.
      if (deleted !== undefined) snapshot.interfaces.delete(deleted);
    };
    return runPlan(plan, { perform, made, parallel, ends: this.options.contained.endsWork });
  }
}
