import {
  describeStep,
  inverseOf,
  type ObjectName,
  type Plan,
  type Ref,
  refsOf,
  type Sequence,
  type Step,
  touchedBy,
  waitsForAnswers,
} from '@taas/wiring';
import { VppRetvalError } from 'vpp-api';
import { type EndsPass, lossOfVpp } from '../contained.js';
import { LacksError } from './alternatives.js';
import { PortMovedError } from './objects/interface.js';
import type { MadeIndices } from './perform-step.js';
import type { Touched } from './vpp-reader.js';

export interface PlanResult {
  /** Why, by the key of each sequence that did not come about; what needed it is among them. */
  readonly failures: ReadonlyMap<string, string>;
  readonly touched: Touched;
  /** A step's outcome is unknown, or an undo failed: only reading everything tells what VPP has now. */
  readonly doubt: boolean;
  readonly steps: number;
}

export interface PlanRunner {
  readonly perform: (step: Step) => Promise<void>;
  readonly made: MadeIndices;
  /** Sequences at the same time. */
  readonly parallel: number;
  /** Which errors end the whole; default: {@link lossOfVpp}. */
  readonly ends?: EndsPass;
}

/**
 * Carries out a plan: sequences side by side, each after those it needs; a sequence that fails, for whatever reason, is taken
 * back and hurts nobody else. Only the loss of the connection ends it.
 */
export async function runPlan(plan: Plan, runner: PlanRunner): Promise<PlanResult> {
  const failures = new Map<string, string>();
  const touched = new Map<ObjectName, Set<number>>();
  const tally = { doubt: false, steps: 0 };
  const results = new Map<string, Promise<void>>();
  const sequences = plan.sequences.values();

  const run = async (sequence: Sequence): Promise<void> => {
    await Promise.all(sequence.needs.map((key) => results.get(key)));
    const failedNeed = sequence.needs.find((key) => failures.has(key));
    if (failedNeed !== undefined) {
      failures.set(sequence.key, failures.get(failedNeed) ?? '');
      return;
    }
    const attempt = await attemptSequence(sequence, runner).catch((error: unknown): Attempt => {
      if (ends(runner, error)) throw error;
      return { failure: toError(error).message, doubt: true };
    });
    tally.steps += sequence.steps.length;
    if (attempt.failure !== null) failures.set(sequence.key, attempt.failure);
    if (attempt.doubt) tally.doubt = true;
    for (const step of sequence.steps) note(step, runner.made, touched);
  };
  // Each worker takes the next sequence: those that it needs stand before it, so somebody is at them or done.
  const worker = async (): Promise<void> => {
    for (const sequence of sequences) {
      const result = run(sequence);
      results.set(sequence.key, result);
      await result;
    }
  };
  const workers = Math.min(runner.parallel, plan.sequences.length);
  const outcomes = await Promise.allSettled(Array.from({ length: workers }, worker));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return { failures, touched, ...tally };
}

interface Attempt {
  readonly failure: string | null;
  readonly doubt: boolean;
}

async function attemptSequence({ steps }: Sequence, runner: PlanRunner): Promise<Attempt> {
  const sent: { readonly step: Step; readonly outcome: Promise<Error | null> }[] = [];
  let failed: { readonly step: Step; readonly error: Error } | null = null;
  const settle = async (): Promise<void> => {
    for (const { step, outcome } of sent) {
      const error = await outcome;
      failed ??= error && { step, error };
    }
  };
  for (const [n, step] of steps.entries()) {
    // A name that an earlier step makes is known once that step is answered; so is whether a port is still the port.
    if (waitsForAnswers(step) || usesUnmade(step, runner.made) || steps[n - 1]?.kind === 'check-port') await settle();
    if (failed) break;
    sent.push({ step, outcome: performed(runner, step) });
  }
  await settle();
  if (!failed) return { failure: null, doubt: false };
  const { step, error } = failed as { readonly step: Step; readonly error: Error };
  if (ends(runner, error)) throw error;
  const undone = await undo(sent, runner);
  return { failure: `could not ${describeStep(step)}: ${error.message}`, doubt: !isAnswer(error) || !undone };
}

async function undo(
  sent: readonly { readonly step: Step; readonly outcome: Promise<Error | null> }[],
  runner: PlanRunner,
): Promise<boolean> {
  let clean = true;
  for (const { step, outcome } of [...sent].reverse()) {
    if ((await outcome) !== null) continue;
    const back = inverseOf(step);
    const error = back && (await performed(runner, back));
    if (error && ends(runner, error)) throw error;
    if (error) clean = false;
  }
  return clean;
}

/** @returns why the step did not come about, or null */
async function performed(runner: PlanRunner, step: Step): Promise<Error | null> {
  try {
    await runner.perform(step);
    return null;
  } catch (error) {
    return toError(error);
  }
}

function isAnswer(error: Error): boolean {
  return error instanceof VppRetvalError || error instanceof PortMovedError || error instanceof LacksError;
}

/** Anything else is about one step: what VPP does not answer in time, and what we cannot put into VPP's words at all. */
function ends(runner: PlanRunner, error: unknown): boolean {
  return (runner.ends ?? lossOfVpp)(error);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function usesUnmade(step: Step, made: MadeIndices): boolean {
  return refsOf(step).some((ref) => 'ref' in ref && !made.has(ref.ref));
}

/** Adds what has to be read again after a step. */
function note(step: Step, made: MadeIndices, touched: Map<ObjectName, Set<number>>): void {
  const { of, own = [], interfaces = [] } = touchedBy(step);
  add(of, own);
  if (interfaces.length > 0) add('interface', interfaces);

  function add(name: ObjectName, refs: readonly Ref[]): void {
    const keys = touched.get(name) ?? new Set<number>();
    touched.set(name, keys);
    for (const ref of refs) {
      const index = 'index' in ref ? ref.index : made.get(ref.ref);
      if (index !== undefined) keys.add(index);
    }
  }
}
