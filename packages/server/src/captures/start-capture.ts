import type { BpfProgram } from '@taas/packets';
import type { Clock } from '@taas/service';
import type { Lease, Store } from '@taas/store';
import type { Caller } from '../auth/authenticator.js';
import type { Admission } from '../taps/admission/admission.js';
import type { Recheck } from '../taps/admission/recheck.js';
import { invalidInput } from '../taps/attributes.js';
import { admitFlows } from '../taps/tap-flow/admit-flows.js';
import { admitServices } from '../taps/tap-service/admit-services.js';
import { newConsent, type TapTerms } from '../taps/terms/tap-terms.js';
import type { WriteBudget } from '../taps/write-budget.js';
import type { OwnWrites } from '../view/own-writes.js';
import { type CompileExpression, ExpressionError } from './bpf-expression.js';
import type { CapturePart } from './capture.js';
import type { CaptureReceiver } from './capture-receiver.js';
import { captureRecords, partsOf } from './capture-records.js';
import type { CaptureWish } from './capture-wish.js';
import type { ReceiverSocket } from './receiver-socket.js';

export interface CaptureStartDeps {
  readonly store: Store;
  readonly admission: Admission;
  readonly recheck: Recheck;
  readonly budget: WriteBudget;
  readonly writes: OwnWrites;
  readonly terms: TapTerms;
  readonly receiver: CaptureReceiver;
  readonly openSocket: () => Promise<ReceiverSocket>;
  /** Throws when the server stops. */
  readonly checkOpen: () => void;
  readonly clock: Clock;
  readonly newId: () => string;
}

/** A capture that has been let in: it is in etcd, on a lease of its own. */
export interface AdmittedCapture {
  readonly id: string;
  readonly wish: CaptureWish;
  readonly userId: string;
  readonly parts: readonly CapturePart[];
  readonly program: BpfProgram | null;
  readonly lease: Lease;
  /** Revision at which its records were written. */
  readonly revision: number;
  readonly socket: ReceiverSocket;
}

/** A capture's lease, in seconds: so long after the death of its server nodes end it. */
const leaseSeconds = 6;

/**
 * Lets a capture in as any tap flow is, and hands it to who receives it.
 * @throws NeutronError, in the words of tap flows where they are refused; StoreError; what `begin` throws
 */
export async function startCapture<T>(
  deps: CaptureStartDeps,
  wish: CaptureWish,
  caller: Caller,
  begin: (admitted: AdmittedCapture) => T,
): Promise<T> {
  const program = wish.bpf === null ? null : await compiled(deps.receiver.compileExpression, wish.bpf);
  // Before anything is written; what lets flows in looks again.
  const check = deps.admission.portChecks(caller);
  for (const port of wish.source_ports) await check(port, wish.project_id);
  deps.checkOpen();
  const socket = await deps.openSocket();
  const id = deps.newId();
  const parts = partsOf(wish, deps.newId);
  const lease = await deps.store.lease(leaseSeconds);
  try {
    const revision = await admit(deps, { id, wish, parts, lease }, caller);
    return begin({ id, wish, userId: caller.userId, parts, program, lease, revision, socket });
  } catch (error) {
    // What was written goes with it, at the latest when it runs out.
    await lease.revoke().catch(() => undefined);
    throw error;
  }
}

/** An expression that does not compile is a capture that is not made, and never one without it. @throws NeutronError 400 */
async function compiled(compile: CompileExpression, expression: string): Promise<BpfProgram> {
  try {
    return await compile(expression);
  } catch (error) {
    if (error instanceof ExpressionError) throw invalidInput('bpf', error.message);
    throw error;
  }
}

/** @returns the revision of the last record */
async function admit(
  deps: CaptureStartDeps,
  { id, wish, parts, lease }: Pick<AdmittedCapture, 'id' | 'wish' | 'parts' | 'lease'>,
  caller: Caller,
): Promise<number> {
  const { clock, recheck, admission, budget, writes, terms } = deps;
  const { address, server } = deps.receiver;
  const { project_id } = wish;
  const receiver = { address, lease: lease.id, server };
  const { services, flows } = captureRecords(id, wish, parts, receiver, {
    now: clock.now(),
    ...newConsent(terms, project_id, caller),
  });
  budget.spend(project_id, [...services, ...flows]);
  writes.note(await recheck.run(project_id, () => admitServices(admission, services, caller)));
  const revision = await recheck.run(project_id, () => admitFlows(admission, flows, caller));
  writes.note(revision);
  return revision;
}
