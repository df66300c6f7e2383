import type { Consent, StatusView } from '@taas/model';
import { isoTime } from '../../http/iso-time.js';
import { type ExpiryTime, sentenceOf } from './expiry-time.js';

interface Termed {
  readonly expires_at?: number;
  readonly expires_at_given?: string;
  readonly reason?: string;
  readonly consent?: Consent;
}

/** When a tap ends, and why it is there, as the API shows it. */
export const shownTerms = ({ expires_at, expires_at_given, reason }: Termed) => ({
  expires_at: expires_at === undefined ? null : (expires_at_given ?? isoTime(expires_at)),
  reason: reason ?? '',
});

/** Whether a second person has to agree, who has asked, and so does not, and who has agreed. */
export const shownConsent = ({ consent }: Termed) => ({
  consent: consent === undefined ? 'not_needed' : consent.agreed === undefined ? 'waiting' : 'given',
  requested_by: consent === undefined ? [] : [consent.requested_by, ...(consent.also_by ?? [])],
  agreed_by: consent?.agreed?.by ?? null,
});

/** The same for the audit trail. */
export const auditedTerms = ({ expires_at, reason, consent }: Termed) => ({
  ...(expires_at === undefined ? {} : { expires_at }),
  ...(reason === undefined ? {} : { reason }),
  ...(consent === undefined ? {} : { requested_by: consent.requested_by, agreed_by: consent.agreed?.by ?? null }),
});

/** When taps are told to end soon: the time, and how long before the end. */
export interface Warning {
  readonly now: () => number;
  readonly beforeMs: number;
}

export function endsSoon(end: ExpiryTime | undefined, { now, beforeMs }: Warning): end is ExpiryTime {
  return end !== undefined && end.at - now() <= beforeMs;
}

/** A status, with a warning if the tap ends soon and there is nothing else to warn of. */
export function warned(end: ExpiryTime | undefined, status: StatusView, warning: Warning): StatusView {
  if (status.status !== 'ACTIVE' || status.reason !== '' || !endsSoon(end, warning)) return status;
  const reason = `${sentenceOf(end)}, unless ${end.of === 'tap' ? '' : "the tap service's "}expires_at is changed`;
  return { status: 'ACTIVE', code: 'expires_soon', reason };
}
