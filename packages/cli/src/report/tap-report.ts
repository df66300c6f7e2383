import type { AuditEvent } from '../api/audit.js';
import type { Kind } from '../api/kinds.js';
import type { Seen } from '../doctor/finding.js';
import { between, type Counted } from './figures.js';

/**
 * Which time the figures of a tap are about; from when to when they are stands beside them.
 * - `whole`: all that it copied in the period: the audit trail says that it began in it.
 * - `part`: they begin in the period. What was before, if the tap was there, nobody knows.
 * - `since_baseline`: from an earlier report to now.
 * - `longer`: they begin before the period, and what of them is in it cannot be told.
 * - `none`: there are no figures.
 */
export type Covers = 'whole' | 'part' | 'since_baseline' | 'longer' | 'none';

/** A tap that is or was there. */
export interface ReportedTap {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  readonly project: string;
  /** Null of one that is gone. */
  readonly status: string | null;
}

export interface TapReport extends ReportedTap {
  readonly covers: Covers;
  /** Null: nobody knows; then `why` says it. */
  readonly figures: Counted | null;
  /** What the reader should know of the figures; empty if there is nothing. */
  readonly why: string;
  /** Whether every node concerned has told figures of now. */
  readonly current: boolean;
  /** What the audit trail has of it in the period; null where it cannot be read. */
  readonly events: readonly AuditEvent[] | null;
}

/** What was counted of a tap up to now, and whether all of its nodes have told it. */
export interface Now {
  readonly counted: Counted;
  readonly current: boolean;
  readonly unanswered: readonly string[];
}

/**
 * The report of one tap over a period.
 * @param from when the period begins, in milliseconds since 1970
 * @param before what an earlier report has of it, if there is one
 */
export function tapReport(
  tap: ReportedTap,
  now: Seen<Now>,
  before: Counted | undefined,
  from: number,
  events: readonly AuditEvent[] | null,
): TapReport {
  if (!now.known) return { ...tap, ...none(now.why), events };
  const { counted, current, unanswered } = now.value;
  const silent = unanswered.join('; ');
  const of = (covers: Covers, figures: Counted, why: string): TapReport => ({
    ...{ ...tap, covers, figures, current, events },
    why: [why, silent].filter((each) => each !== '').join('; '),
  });
  if (counted.since === null || counted.asOf === null)
    return { ...tap, ...none(silent || 'no node has counted anything of it'), events };
  if (counted.since >= from && beganWith(events, counted.since)) return of('whole', counted, '');
  const gained = before && between(before, counted);
  if (gained) return of('since_baseline', gained, '');
  const anew = before ? 'it has been counted anew since the baseline' : '';
  if (counted.since >= from) return of('part', counted, anew);
  return of('longer', counted, anew || 'no history is kept: compare with an earlier report (--baseline)');
}

/** Between the first count of a node and the word of all nodes that copies are made, and between their clocks, in ms. */
const slack = 60_000;

function beganWith(events: readonly AuditEvent[] | null, since: number): boolean {
  return events?.some(({ event, at }) => event === 'began' && since <= at + slack) ?? false;
}

function none(why: string): Pick<TapReport, 'covers' | 'figures' | 'why' | 'current'> {
  return { covers: 'none', figures: null, why, current: false };
}

/** Taps that the trail says were there in the period, and that are not any more: what they had counted went with them. */
export function goneTaps(events: readonly AuditEvent[], there: ReadonlySet<string>): ReportedTap[] {
  const gone = new Map<string, ReportedTap>();
  for (const { tap, event } of events) {
    if (tap === null || there.has(tap.id) || event === 'refused' || tap.id === '') continue;
    const before = gone.get(tap.id);
    gone.set(tap.id, { ...tap, name: tap.name || (before?.name ?? ''), status: null });
  }
  return [...gone.values()];
}
