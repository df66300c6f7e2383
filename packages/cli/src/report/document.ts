import { readStatistics } from '../api/statistics.js';
import { isObject } from '../api/taas-api.js';
import { CliError } from '../exit-codes.js';
import { type Counted, countedOf } from './figures.js';
import type { TapReport } from './tap-report.js';

/** A report over a period. */
export interface Report {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
  /** When the earlier report was made that figures are compared with; null without one. */
  readonly baseline: number | null;
  readonly taps: readonly TapReport[];
  /** Since when the audit trail in etcd is there; null where it is empty; or why it cannot be read. */
  readonly trail: { readonly since: number | null } | { readonly why: string };
}

/** The form of the document, so that a later command knows an older one. */
const version = 1;

/**
 * A report for programs, and for the next report to compare with.
 * @param statistics by id: what the API has said of a tap up to now, kept whole
 */
export function reportDocument(report: Report, statistics: ReadonlyMap<string, object>): object {
  const { from, until, baseline, taps, trail } = report;
  return {
    version,
    since: iso(from),
    until: iso(until),
    baseline: baseline === null ? null : iso(baseline),
    audit_trail:
      'why' in trail
        ? { known: false, reason: trail.why }
        : { known: true, since: trail.since === null ? null : iso(trail.since) },
    taps: taps.map(({ kind, id, name, project, status, covers, figures, why, current, events }) => ({
      kind,
      id,
      name,
      project_id: project,
      status,
      covers,
      why,
      current,
      figures: figures && figuresDocument(figures),
      events: events?.map(({ at, event, user, detail }) => ({ time: iso(at), event, user_id: user, detail })) ?? null,
      counted: statistics.get(id) ?? null,
    })),
  };
}

function figuresDocument({ since, asOf, stages, lost, gaps, unaccounted, completeness }: Counted): object {
  const counts = (all: ReadonlyMap<string, bigint>) =>
    Object.fromEntries([...all].map(([name, each]) => [name, exact(each)]));
  return {
    from: since === null ? null : iso(since),
    until: asOf === null ? null : iso(asOf),
    ...{ stages: counts(stages), lost: counts(lost), gap_milliseconds: Object.fromEntries(gaps) },
    ...{ unaccounted: unaccounted === null ? null : exact(unaccounted), completeness },
  };
}

/** A count beyond 2^53 is a text, so that none is rounded. */
const exact = (count: bigint): number | string =>
  count <= Number.MAX_SAFE_INTEGER && count >= Number.MIN_SAFE_INTEGER ? Number(count) : String(count);

export const iso = (at: number): string => new Date(at).toISOString();

/** An earlier report: when it was made, and by id what had been counted until then. */
export interface Baseline {
  readonly at: number;
  readonly counted: ReadonlyMap<string, Counted>;
}

/** @param text what `taas report -f json` has written @throws CliError usage */
export function readBaseline(path: string, text: string): Baseline {
  const wrong = (what: string) =>
    new CliError('usage', `--baseline ${path}: ${what}; it is what taas report -f json has written`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new CliError('usage', wrong('it is no JSON').message, { cause });
  }
  if (!isObject(document) || document['version'] !== version) throw wrong('it is no report that this command can read');
  const { until, taps } = document;
  const at = Date.parse(String(until));
  if (Number.isNaN(at) || !Array.isArray(taps)) throw wrong('it has no time or no taps');
  const counted = taps
    .filter(isObject)
    .flatMap(({ id, counted: was }) =>
      typeof id === 'string' && isObject(was) ? [[id, countedOf(readStatistics(was))] as const] : [],
    );
  return { at, counted: new Map(counted) };
}
