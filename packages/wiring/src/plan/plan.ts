import type { Because, ResourceKind } from '@taas/model';
import type { Sliced } from '@taas/service';
import { deletedBy, type Step } from '../steps.js';
import type { Blocker } from './blocker.js';

/** Steps that belong together: in order, and all taken back if one fails. */
export interface Sequence {
  /** Unique in the plan, such as `flow:<id>`; what a failure is remembered by. */
  readonly key: string;
  /** Keys of earlier sequences of the plan that must have succeeded. */
  readonly needs: readonly string[];
  readonly steps: readonly Step[];
}

/** What one tap's status depends on. */
export interface Outlook {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly revision: number;
  /** A tombstone: the tap is done with when nothing of it is left. */
  readonly removed: boolean;
  readonly blocker: Blocker | null;
  /** What to say of a tap that stands. */
  readonly warning?: Because | null;
  /** Why a tap does not do what it should though it stands; null: it does, as far as anybody can tell. */
  readonly fault?: Because | null;
  /** The tap stands if no sequence with one of these keys is in the plan. */
  readonly keys: readonly string[];
}

/** Sequences come in an order in which each stands after all that it needs. */
export interface Plan {
  readonly sequences: readonly Sequence[];
  readonly outlooks: readonly Outlook[];
  /** Taps that could not be planned, and why; their outlooks say so, too. */
  readonly unplanned: readonly Unplanned[];
}

export interface Unplanned {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly cause: string;
}

/** A plan while it is being made. */
export class PlanDraft {
  readonly #sequences = new Map<string, Sequence>();
  readonly #last: Sequence[] = [];
  readonly #outlooks: Outlook[] = [];
  readonly #unplanned: Unplanned[] = [];
  /** What the attempt in progress has put in the place of what; null while there is none. */
  #replaced: { readonly key: string; readonly before: Sequence | undefined }[] | null = null;

  /** Nothing is added for no steps: an absent key means that there is nothing to do. */
  add(key: string, needs: readonly string[], steps: readonly Step[]): void {
    if (steps.length === 0) return;
    this.#replaced?.push({ key, before: this.#sequences.get(key) });
    this.#sequences.set(key, { key, needs, steps });
  }

  /** As {@link add}, after everything else. */
  addLast(key: string, needs: readonly string[], steps: readonly Step[]): void {
    if (steps.length > 0) this.#last.push({ key, needs, steps });
  }

  has(key: string): boolean {
    return this.#sequences.has(key);
  }

  outlook(outlook: Outlook): void {
    this.#outlooks.push(outlook);
  }

  /** Says of a tap that nothing can be said but this. */
  unplanned(tap: Unplanned, revision: number): void {
    const { kind, id, cause } = tap;
    const blocker = {
      status: 'ERROR',
      code: 'internal_error',
      reason: `cannot be planned on this node: ${cause}`,
    } as const;
    this.#unplanned.push(tap);
    this.outlook({ kind, id, revision, removed: false, blocker, keys: [] });
  }

  /**
   * Plans one thing, of which nothing stays in the plan if that throws; nothing else is added meanwhile.
   * @returns what it threw, or null
   */
  *attempt(work: Sliced<void>): Sliced<Error | null> {
    const [last, outlooks] = [this.#last.length, this.#outlooks.length];
    this.#replaced = [];
    try {
      yield* work;
      return null;
    } catch (error) {
      for (const { key, before } of this.#replaced.reverse())
        if (before) this.#sequences.set(key, before);
        else this.#sequences.delete(key);
      this.#last.length = last;
      this.#outlooks.length = outlooks;
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#replaced = null;
    }
  }

  finish(): Plan {
    const drafted = [...this.#sequences.values(), ...this.#last];
    const going = new Set(drafted.flatMap(({ steps }) => steps.flatMap(deletes)));
    const all = drafted.map((sequence) => withoutRevivals(sequence, going)).filter(({ steps }) => steps.length > 0);
    const order = new Map(all.map((sequence, n) => [sequence.key, n]));
    const sequences = all.map((sequence, n) => {
      const needs = sequence.needs.filter((key) => (order.get(key) ?? n) < n);
      return { ...sequence, needs };
    });
    return { sequences, outlooks: this.#outlooks, unplanned: this.#unplanned };
  }
}

/** The interface that a step deletes. */
function deletes(step: Step): number[] {
  const deleted = deletedBy(step);
  return deleted && 'index' in deleted ? [deleted.index] : [];
}

/**
 * Sequences run side by side, and VPP gives a freed index to the next interface: to switch a mirror on again, or off, once
 * its destination is deleted would be to meddle with whatever stands there then. Who deletes it switches its mirrors off.
 */
function withoutRevivals(sequence: Sequence, going: ReadonlySet<number>): Sequence {
  if (!sequence.key.startsWith('source:')) return sequence;
  const steps = sequence.steps.filter(
    (step) => step.kind !== 'set-span' || !('index' in step.to) || !going.has(step.to.index),
  );
  return { ...sequence, steps: steps.some(({ kind }) => kind === 'set-span') ? steps : [] };
}
