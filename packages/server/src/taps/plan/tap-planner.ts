import type { ResourceKind } from '@taas/model';
import type { Operation, Store } from '@taas/store';
import type { Caller } from '../../auth/authenticator.js';
import { unavailable } from '../../errors/neutron-error.js';
import type { LiveView } from '../../view/live-view.js';
import { OwnWrites } from '../../view/own-writes.js';
import { plannedView } from '../../view/planned-view.js';
import type { TapRecord } from '../../view/shelf.js';
import { Admission, type AdmissionDeps } from '../admission/admission.js';
import type { Recheck } from '../admission/recheck.js';
import { type NewTapsDeps, newTaps } from '../new-taps.js';
import { TapRemoval } from '../removal/tap-removal.js';
import { tapKinds } from '../tap-kinds.js';
import { TapRecords } from '../tap-records.js';
import type { WriteBudget } from '../write-budget.js';
import { type CompiledChange, type CompilerRules, compiledChange } from './compiled-change.js';
import { DryStore } from './dry-store.js';
import { moves, touchedBy } from './touched.js';

export interface PlannerDeps extends NewTapsDeps {
  readonly store: Store;
  readonly live: LiveView;
  readonly recheck: Recheck;
  readonly admission: Omit<AdmissionDeps, 'store'>;
  readonly budget: WriteBudget;
  readonly rules: CompilerRules;
  /** What this replica has written: a plan knows at least that. */
  readonly writes: OwnWrites;
  readonly catchUpMs: number;
  /** Takes one of the places that a project has for what holds memory. @returns gives it back */
  readonly takePlace: (project: string, signal: AbortSignal) => Promise<() => void>;
  /** Throws why nothing may be made now, as the store would of a write. */
  readonly mayWrite: () => void;
}

/** A change that would be carried out, and what it comes to. */
export interface PlannedChange {
  readonly change: 'create' | 'delete';
  readonly kind: ResourceKind;
  /** The taps that were named. Those to be made have ids that nobody will see. */
  readonly records: readonly TapRecord[];
  /** What would be written; nothing if it is so already. */
  readonly operations: readonly Operation[];
  readonly compiled: CompiledChange;
}

const attempts = 3;

/**
 * What making or deleting taps would come to. It is let in or refused by the code that lets in the change itself, over a store that
 * writes nothing; and what it means for nodes says the compiler.
 */
export class TapPlanner {
  constructor(private readonly deps: PlannerDeps) {}

  /** @throws NeutronError, as making them would */
  async create(kind: ResourceKind, json: unknown, caller: Caller, signal: AbortSignal): Promise<PlannedChange> {
    const { budget, recheck, store, mayWrite, admission } = this.deps;
    const { records, given } = await newTaps(this.deps, kind, json, caller);
    budget.check(caller.projectId, records);
    const dry = new DryStore(store, mayWrite);
    const dryAdmission = new Admission({ ...admission, store: dry });
    await recheck.run(caller.projectId, () => tapKinds[kind].admit(dryAdmission, records, caller, given));
    const { operations } = dry;
    const compiled = await this.#compile(operations, new Set(records.map(({ id }) => id)), caller, signal);
    return { change: 'create', kind, records, operations, compiled };
  }

  /** @throws NeutronError, as deleting it would */
  async remove(kind: ResourceKind, id: string, caller: Caller, signal: AbortSignal): Promise<PlannedChange> {
    const { access, live, catchUpMs } = this.deps;
    const dry = new DryStore(this.deps.store);
    // Nothing is written: this replica has nothing of it to wait for.
    const writes = new OwnWrites();
    const records = new TapRecords({ store: dry, live, access, writes });
    await new TapRemoval({ store: dry, live, catchUpMs, records, access, writes }).remove(kind, id, caller);
    const { record } = records.inView(kind, id, caller) ?? (await records.find(kind, id, caller));
    const { operations } = dry;
    const compiled = await this.#compile(operations, new Set(), caller, signal);
    return { change: 'delete', kind, records: [record], operations, compiled };
  }

  async #compile(
    operations: readonly Operation[],
    taps: ReadonlySet<string>,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<CompiledChange> {
    const release = await this.deps.takePlace(caller.projectId, signal);
    try {
      return await this.#compileInPlace(operations, taps, caller, signal);
    } finally {
      release();
    }
  }

  async #compileInPlace(
    operations: readonly Operation[],
    taps: ReadonlySet<string>,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<CompiledChange> {
    const { live, rules, slices, writes, catchUpMs } = this.deps;
    await live.reached(writes.revision, catchUpMs);
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (!live.fresh) throw unavailable('etcd cannot be seen at the moment: try again.');
      const touched = touchedBy(live.view, operations);
      let moved = false;
      const unsubscribe = live.subscribe((dirty) => {
        moved ||= moves(touched, dirty);
      });
      try {
        const planned = plannedView(live.view, operations);
        const work = compiledChange(live.view, planned, rules, touched, taps);
        const compiled = await slices.run(caller.projectId, work, signal);
        if (!moved) return compiled;
      } finally {
        unsubscribe();
      }
    }
    throw unavailable('The tap service changes at the moment: try again.');
  }
}
