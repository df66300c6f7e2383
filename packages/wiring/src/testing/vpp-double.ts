import type { AnyStep } from '../objects/object.js';
import type { Plan } from '../plan/plan.js';
import { inverseOf, type ObjectName, type Step, type StepsOfObject } from '../steps.js';
import { aclDouble } from './double/acl.js';
import { bridgeDomainDouble } from './double/bridge-domain.js';
import { classifierDouble } from './double/classifier.js';
import { greDouble } from './double/gre.js';
import { interfaceDouble } from './double/interface.js';
import { layer2FeaturesDouble } from './double/layer2-features.js';
import { loopbackDouble } from './double/loopback.js';
import { policerDouble } from './double/policer.js';
import { spanDouble } from './double/span.js';
import { subInterfaceDouble } from './double/sub-interface.js';
import { vxlanDouble } from './double/vxlan.js';
import { type Double, DoubleWorld, Refused } from './double/world.js';

export { Refused } from './double/world.js';

/** A double for each object: one without does not compile. */
const doubles: { readonly [N in ObjectName]: (world: DoubleWorld) => Double<StepsOfObject<N>> } = {
  acl: aclDouble,
  'bridge-domain': bridgeDomainDouble,
  classifier: classifierDouble,
  gre: greDouble,
  interface: interfaceDouble,
  'layer2-features': layer2FeaturesDouble,
  loopback: loopbackDouble,
  policer: policerDouble,
  route: () => ({}),
  span: spanDouble,
  'sub-interface': subInterfaceDouble,
  vxlan: vxlanDouble,
};

/** A VPP in memory that carries plans out. */
export class VppDouble extends DoubleWorld {
  /** Steps that were carried out. */
  steps: Step[] = [];
  /** Throws for steps that VPP is to refuse. */
  refuse: (step: Step) => boolean = () => false;
  readonly #carryOut: Readonly<Record<string, (step: AnyStep) => void>> = Object.assign(
    {},
    ...Object.values(doubles).map((double) => double(this)),
  );

  /** Carries a plan out as the agent does; a failing sequence is undone, and what needs it is left out. */
  execute(plan: Plan): Map<string, string> {
    const failures = new Map<string, string>();
    for (const sequence of plan.sequences) {
      const failedNeed = sequence.needs.find((key) => failures.has(key));
      if (failedNeed !== undefined) {
        failures.set(sequence.key, failures.get(failedNeed) ?? '');
        continue;
      }
      const done: Step[] = [];
      try {
        for (const step of sequence.steps) {
          this.apply(step);
          done.push(step);
        }
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        failures.set(sequence.key, error.message);
        for (const step of done.reverse()) {
          const undo = inverseOf(step);
          if (undo) this.apply(undo);
        }
      }
    }
    return failures;
  }

  apply(step: Step): void {
    if (this.refuse(step)) throw new Refused(`refused ${step.kind}`);
    this.#carryOut[step.kind]?.(step);
    this.steps.push(step);
  }
}
