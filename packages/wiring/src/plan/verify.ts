import type { Because, ResourceKind, TapStateStatus } from '@taas/model';
import { describeStep } from '../steps.js';
import type { Outlook, Plan } from './plan.js';

/** How a tap stands on this node; what the agent reports. */
export interface Verdict extends Because {
  readonly kind: ResourceKind;
  readonly id: string;
  readonly revision: number;
  readonly status: TapStateStatus;
}

/**
 * Reads the verdicts off a plan that was made from VPP's state as read back: a tap stands if it has no blocker and
 * nothing of what it depends on is still to be done; unless it does not do what it should all the same.
 * @param failures what VPP or the connection said of a sequence, by its key
 */
export function verify(plan: Plan, failures: ReadonlyMap<string, string> = new Map()): Verdict[] {
  const open = new Map(plan.sequences.map((sequence) => [sequence.key, sequence]));
  return plan.outlooks.map((outlook) => {
    const { kind, id, revision } = outlook;
    return { kind, id, revision, ...judge(outlook) };
  });

  function judge(outlook: Outlook): { status: TapStateStatus } & Because {
    if (outlook.blocker) return outlook.blocker;
    const failed = outlook.keys.find((key) => open.has(key) && failures.has(key));
    if (failed !== undefined) return { status: 'ERROR', code: 'vpp_refused', reason: failures.get(failed) ?? '' };
    const missing = outlook.keys.map((key) => open.get(key)).find((sequence) => sequence !== undefined);
    const step = missing?.steps.find(({ kind }) => kind !== 'check-port');
    if (step)
      return {
        status: 'ERROR',
        code: 'not_in_place',
        reason: `not in place in VPP, still to do: ${describeStep(step)}`,
      };
    if (outlook.removed) return { status: 'REMOVED', code: 'ok', reason: '' };
    if (outlook.fault) return { status: 'DOWN', ...outlook.fault };
    return { status: 'ACTIVE', ...(outlook.warning ?? { code: 'ok', reason: '' }) };
  }
}
