import type { ResourceKind, TapStateStatus } from '@taas/model';
import type { Outlook, Plan } from './plan.js';
import { describeStep } from './steps.js';

/** How a tap stands on this node; what the agent reports. */
export interface Verdict {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly revision: number;
  readonly status: TapStateStatus;
  readonly reason: string;
}

/**
 * Reads the verdicts off a plan that was made from VPP's state as read back: a tap stands if it has no obstacle and
 * nothing of what it depends on is still to be done; unless nothing is copied all the same.
 * @param failures what VPP or the connection said of a sequence, by its key
 */
export function verify(plan: Plan, failures: ReadonlyMap<string, string> = new Map()): Verdict[] {
  const open = new Map(plan.sequences.map((sequence) => [sequence.key, sequence]));
  return plan.outlooks.map((outlook) => {
    const { kind, id, revision } = outlook;
    return { kind, id, revision, ...judge(outlook) };
  });

  function judge(outlook: Outlook): { status: TapStateStatus; reason: string } {
    if (outlook.obstacle) return outlook.obstacle;
    const failed = outlook.keys.find((key) => open.has(key) && failures.has(key));
    if (failed !== undefined) return { status: 'ERROR', reason: failures.get(failed) ?? '' };
    const missing = outlook.keys.map((key) => open.get(key)).find((sequence) => sequence !== undefined);
    const step = missing?.steps.find(({ kind }) => kind !== 'check-port');
    if (step) return { status: 'ERROR', reason: `not in place in VPP, still to do: ${describeStep(step)}` };
    if (outlook.stillness && !outlook.removed) return { status: 'DOWN', reason: outlook.stillness };
    return outlook.removed ? { status: 'REMOVED', reason: '' } : { status: 'ACTIVE', reason: outlook.warning ?? '' };
  }
}
