import { isDeepStrictEqual } from 'node:util';
import { type Consent, mostAskers } from '@taas/model';
import { askedByMany, prolongedAlone } from '../../errors/neutron-error.js';
import { isoTime } from '../../http/iso-time.js';
import type { JsonObject } from '../../http/request-body.js';
import type { TapRecord } from '../../view/shelf.js';
import { invalidInput } from '../attributes.js';

/** What the operator asks of taps: how long they may be, why they are there, and who has to agree. */
export interface TapTerms {
  /** How long a tap is there of which nobody says it, in ms; null: as long as may be. */
  readonly usualMs: number | null;
  /** The longest; null: for ever. */
  readonly longestMs: number | null;
  readonly reasonRequired: boolean;
  /** Who needs somebody else's consent: nobody, whoever taps ports of another project than his own, or everybody. */
  readonly consent: 'none' | 'others' | 'always';
}

/** Nothing is asked. */
export const noTerms: TapTerms = { usualMs: null, longestMs: null, reasonRequired: false, consent: 'none' };

/** Who asks. */
interface Asking {
  readonly userId: string;
  readonly projectId: string;
}

interface Termed {
  readonly project_id: string;
  readonly description: string;
  readonly expires_at?: number;
  readonly reason?: string;
}

/** What a new tap gets. */
export interface NewTerms {
  readonly expires_at?: number;
  readonly reason?: string;
}

/**
 * What the terms make of a tap that somebody asks for.
 * @param given as the client sent it @param record what the attributes made of it
 * @throws NeutronError 400
 */
export function newTerms(terms: TapTerms, given: JsonObject, record: Termed, now: number): NewTerms {
  const expires_at = Object.hasOwn(given, 'expires_at') ? record.expires_at : usualEnd(terms, now);
  checkEnd(terms, expires_at, now);
  const reason = reasonOf(terms, record);
  return { ...(expires_at === undefined ? {} : { expires_at }), ...(reason === '' ? {} : { reason }) };
}

function usualEnd({ usualMs, longestMs }: TapTerms, now: number): number | undefined {
  const lasts = usualMs ?? longestMs;
  return lasts === null ? undefined : now + lasts;
}

/** Clients that know no reason have a description. @throws NeutronError 400 */
export function reasonOf(
  { reasonRequired }: TapTerms,
  { reason = '', description }: Omit<Termed, 'project_id'>,
): string {
  if (!reasonRequired || isSaid(reason)) return reason;
  if (reason === '' && isSaid(description)) return description;
  throw invalidInput('reason', 'the operator wants to know why: say it in reason, or in description.');
}

/** Whether a text says anything. */
const isSaid = (text: string): boolean => /[\p{Letter}\p{Number}]/u.test(text);

/** @throws NeutronError 400 */
function checkEnd({ longestMs }: TapTerms, end: number | undefined, now: number): void {
  if (end !== undefined && end <= now)
    throw invalidInput('expires_at', `${isoTime(end)} is over; it is ${isoTime(now)}.`);
  if (longestMs === null || (end !== undefined && end <= now + longestMs)) return;
  throw invalidInput('expires_at', `the operator lets taps be until ${isoTime(now + longestMs)} at most.`);
}

/** Who has to agree to a new tap of a project: absent if nobody has. */
export function newConsent({ consent }: TapTerms, project: string, by: Asking): { readonly consent?: Consent } {
  const isNeeded = consent === 'always' || (consent === 'others' && by.projectId !== project);
  return isNeeded ? { consent: { requested_by: by.userId } } : {};
}

/**
 * What the terms make of a change: who copies more than was agreed to needs consent again; who prolongs what was agreed to is
 * somebody who may agree; who widens or prolongs what nobody had to agree to is asked as for a new tap.
 * @param mayApprove whether the policy lets the caller agree to the tap
 * @throws NeutronError 400, 409
 */
export function changedTerms<R extends TapRecord>(
  terms: TapTerms,
  before: R,
  after: R,
  by: Asking & { readonly mayApprove: boolean },
  now: number,
): R {
  if (before.expires_at !== after.expires_at) checkEnd(terms, after.expires_at, now);
  if (before.reason !== after.reason) reasonOf(terms, { reason: after.reason ?? '', description: '' });
  const consent = 'consent' in before ? before.consent : undefined;
  const more = !isDeepStrictEqual(rulesOf(before), rulesOf(after));
  if (!more && !isLater(after.expires_at, before.expires_at)) return after;
  // One of before the operator asked for consent, or that its own project made: it is more now, and somebody else's wish.
  if (!consent) return isCopied(before) ? { ...after, ...newConsent(terms, before.project_id, by) } : after;
  if (!consent.agreed) return { ...after, consent: alsoAsked(consent, by.userId, before.id) };
  if (more) return { ...after, consent: { requested_by: by.userId } };
  if (isAsker(consent, by.userId) || !by.mayApprove) throw prolongedAlone(before.id);
  return { ...after, consent: { ...consent, agreed: { by: by.userId, at: now } } };
}

/** Whether a user has had a part in what waits, or waited, for consent. */
export const isAsker = ({ requested_by, also_by = [] }: Consent, user: string): boolean =>
  requested_by === user || also_by.includes(user);

/** Nobody loses his part by what others do: he may not agree in the end. @throws NeutronError 409 */
function alsoAsked(consent: Consent, user: string, id: string): Consent {
  if (isAsker(consent, user)) return consent;
  const { also_by = [] } = consent;
  if (also_by.length + 1 >= mostAskers) throw askedByMany(id);
  return { ...consent, also_by: [...also_by, user] };
}

/** Tap services copy nothing by themselves. */
const isCopied = (record: TapRecord): boolean => 'source_port' in record || 'mirror_type' in record;

const rulesOf = (record: TapRecord) => ('filter_rules' in record ? (record.filter_rules ?? []) : []);

/** No end is the latest. */
const isLater = (a = Number.POSITIVE_INFINITY, b = Number.POSITIVE_INFINITY): boolean => a > b;
