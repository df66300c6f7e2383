import type { Plan, Step, VppSnapshot } from '@taas/wiring';
import type { Contained } from '../contained.js';
import { InterfaceWatch } from './interface-watch.js';
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
}

/** One connection to a VPP: reads it into the snapshot, carries plans out on it, and hears what happens to its interfaces. */
export class VppSession {
  readonly reader: VppReader;
  readonly watch: InterfaceWatch;

  constructor(private readonly options: VppSessionOptions) {
    const { vpp, snapshot, uplinks, poke, problem, contained } = options;
    this.reader = new VppReader(vpp, snapshot, contained);
    this.watch = new InterfaceWatch({ vpp, snapshot, reader: this.reader, uplinks, poke, problem });
  }

  get vpp(): Vpp {
    return this.options.vpp;
  }

  execute(plan: Plan): Promise<PlanResult> {
    const { vpp, snapshot, parallel } = this.options;
    const made: MadeIndices = new Map();
    const send = performStep(vpp, made);
    const perform = async (step: Step): Promise<void> => {
      const deleted = isDeletion(step) ? resolveRef(made, step.at) : undefined;
      if (deleted !== undefined) this.watch.expectDeletion(deleted);
      await send(step);
      // At once: what another sequence makes next gets the index, and its mirrors must not be taken for those of what was
      // there before.
      if (deleted !== undefined) snapshot.removeInterface(deleted);
      // The table is too long to be read after each change, and VPP has just said that it is so.
      if (step.kind === 'set-span') snapshot.putSpan(step.from, resolveRef(made, step.to), step.state);
    };
    return runPlan(plan, { perform, made, parallel, ends: this.options.contained.endsWork });
  }
}

type Deletion = Extract<Step, { kind: 'delete-loopback' | 'delete-vlan' | 'delete-vxlan' | 'delete-gre' }>;

function isDeletion(step: Step): step is Deletion {
  return ['delete-loopback', 'delete-vlan', 'delete-vxlan', 'delete-gre'].includes(step.kind);
}
