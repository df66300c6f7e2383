import { CliError } from '../exit-codes.js';
import { type Kind, kindNames, kinds } from './kinds.js';
import { isObject, type TaasApi } from './taas-api.js';

/** An entry of the audit trail, as far as a report needs it. */
export interface AuditEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event: string;
  /** Who asked; null if nobody did. */
  readonly user: string | null;
  readonly tap: { readonly kind: Kind; readonly id: string; readonly name: string; readonly project: string } | null;
  readonly detail: string;
}

/** Entries of one page, and pages of one answer: the trail in etcd has 100,000 records at most by default. */
const pageItems = 1_000;
const mostPages = 1_000;

/**
 * What etcd still has of the trail since a time; for administrators.
 * @throws CliError refused for who may not; not_found where there is no trail
 */
export async function auditSince(api: TaasApi, since: number): Promise<readonly AuditEvent[]> {
  const found: AuditEvent[] = [];
  let marker: string | null = null;
  for (let page = 0; page < mostPages; page += 1) {
    const query = { since: String(since), limit: String(pageItems), ...(marker === null ? {} : { marker }) };
    const { audit } = await api.get(`/v2.0/taas/audit?${new URLSearchParams(query)}`);
    if (!Array.isArray(audit)) throw new CliError('unreachable', 'the answer has no audit trail');
    const entries = audit.filter(isObject);
    found.push(...entries.map(eventOf));
    const last = entries.at(-1)?.['id'];
    if (entries.length < pageItems || typeof last !== 'string' || last === marker) return found;
    marker = last;
  }
  throw new CliError('unreachable', 'the pages of the audit trail have no end');
}

/** When the oldest entry that etcd still has was written, in milliseconds since 1970; null if there is none. */
export async function auditBegins(api: TaasApi): Promise<number | null> {
  const { audit } = await api.get('/v2.0/taas/audit?limit=1');
  const [first] = Array.isArray(audit) ? audit.filter(isObject) : [];
  return first === undefined ? null : eventOf(first).at;
}

function eventOf(entry: Readonly<Record<string, unknown>>): AuditEvent {
  const { time, event, user_id, tap, detail } = entry;
  const kind = isObject(tap) ? kindNames.find((each) => kinds[each].collection === tap['kind']) : undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return {
    at: Date.parse(text(time)),
    event: text(event),
    user: typeof user_id === 'string' ? user_id : null,
    tap:
      isObject(tap) && kind !== undefined
        ? { kind, id: text(tap['id']), name: text(tap['name']), project: text(tap['project_id']) }
        : null,
    detail: text(detail),
  };
}
