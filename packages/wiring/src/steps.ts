import type { AnyStep, Ref, StepRules, Touches, VppObject } from './objects/object.js';
import { type ObjectName, objects, type Step } from './objects/registry.js';

export type { Ref, Touches } from './objects/object.js';
export type { ObjectName, Step, StepsOfObject } from './objects/registry.js';
export type StepKind = Step['kind'];

interface KnownRules {
  readonly of: ObjectName;
  readonly rules: StepRules<Step, Step>;
}

const known: ReadonlyMap<string, KnownRules> = new Map(
  (Object.entries(objects) as [ObjectName, Pick<VppObject<AnyStep, object>, 'steps'>][]).flatMap(([of, { steps }]) =>
    // Safe: the rules of a kind are only asked about steps of that kind, which TypeScript cannot follow here.
    Object.entries(steps).map(
      ([kind, rules]) => [kind, { of, rules: rules as unknown as StepRules<Step, Step> }] as const,
    ),
  ),
);

function look({ kind }: Step): KnownRules {
  const found = known.get(kind);
  if (!found) throw new Error(`nothing is known of steps ${kind}`);
  return found;
}

/** One line for people: dry run, logs, reasons. */
export function describeStep(step: Step): string {
  return look(step).rules.describe(step);
}

/** As {@link StepRules.undo} says. */
export function inverseOf(step: Step): Step | null {
  return look(step).rules.undo(step);
}

/** As {@link StepRules.waits} says. */
export function waitsForAnswers(step: Step): boolean {
  return look(step).rules.waits;
}

/** All things of VPP that a step names. */
export function refsOf(step: Step): readonly Ref[] {
  return look(step).rules.refs(step);
}

/** What has to be read again after a step, and of which object `own` are. */
export function touchedBy(step: Step): Touches & { readonly of: ObjectName } {
  const { of, rules } = look(step);
  return { of, ...rules.touches(step) };
}

const deletions: ReadonlySet<string> = new Set(Object.values(objects).flatMap(({ deletion }) => deletion?.kind ?? []));

/** The interface that a step deletes: VPP gives its index to the next one at once. */
export function deletedBy(step: Step): Ref | null {
  return deletions.has(step.kind) && 'at' in step ? step.at : null;
}
