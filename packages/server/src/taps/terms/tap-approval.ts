import type { ResourceKind } from '@taas/model';
import type { Clock } from '@taas/service';
import type { Access } from '../../auth/access.js';
import type { Caller } from '../../auth/authenticator.js';
import { approvedAlone, consentToOther, tooContended } from '../../errors/neutron-error.js';
import type { TapRecord } from '../../view/shelf.js';
import type { Found, TapRecords } from '../tap-records.js';
import type { WriteBudget } from '../write-budget.js';
import { consentTo } from './consent-to.js';
import { isAsker } from './tap-terms.js';

export interface TapApprovalDeps {
  readonly records: TapRecords;
  readonly access: Access;
  readonly budget: WriteBudget;
  readonly clock: Clock;
}

const attempts = 10;

/**
 * Agrees to a tap that waits for a second person, as that person has seen it. One that does not wait is not changed.
 * @param seen its `consent_to`, as it was shown
 * @returns the record, and its revision @throws NeutronError 403, 404; 409 for who has asked for it, and where it is another one by now
 */
export async function approveTap(
  deps: TapApprovalDeps,
  kind: ResourceKind,
  id: string,
  seen: string,
  caller: Caller,
): Promise<Found> {
  const { records, access, budget, clock } = deps;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const found = await records.find(kind, id, caller);
    access.mayApprove(kind, found.record, caller);
    // In each attempt: what has changed meanwhile was not seen.
    if ((consentTo(found.record) ?? seen) !== seen) throw consentToOther(id);
    const record = agreed(found.record, caller, clock.now());
    if (record === null) return found;
    if (attempt === 0) budget.spend(caller.projectId, [record]);
    const revision = await records.replace(kind, found, record);
    if (revision !== null) return { record, revision };
  }
  throw tooContended();
}

/** The record with somebody's consent; null if it needs none. @throws NeutronError 409 */
export function agreed<R extends TapRecord>(record: R, { userId }: Pick<Caller, 'userId'>, now: number): R | null {
  const consent = 'consent' in record ? record.consent : undefined;
  if (!consent || consent.agreed) return null;
  if (isAsker(consent, userId)) throw approvedAlone(record.id);
  return { ...record, consent: { ...consent, agreed: { by: userId, at: now } } };
}
