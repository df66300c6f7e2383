import type { Because, ResourceKind, TapStateStatus } from '@taas/model';
import { atOnce, type Sliced } from '@taas/service';
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
  return atOnce(verifying(plan, failures));
}

/** As {@link verify}, in slices. */
export function* verifying(plan: Plan, failures: ReadonlyMap<string, string>): Sliced<Verdict[]> {
  const open = new Map(plan.sequences.map((sequence) => [sequence.key, sequence]));
  const verdicts: Verdict[] = [];
  for (const outlook of plan.outlooks) {
    yield;
    const { kind, id, revision } = outlook;
    const { status, code, reason } = judge(outlook);
    verdicts.push({ kind, id, revision, status, code, reason });
  }
  return verdicts;

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
