import { type AuditEvent, auditBegins, auditSince } from '../api/audit.js';
import { findTap } from '../api/find-tap.js';
import { type Kind, kindNames, type Tap, textOf } from '../api/kinds.js';
import { statisticsOf } from '../api/statistics.js';
import { RefusedError } from '../api/taas-api.js';
import { type Seen, seen, unseen } from '../doctor/finding.js';
import { CliError } from '../exit-codes.js';
import { formatValue } from '../output/format.js';
import { printable } from '../output/printable.js';
import { withProgress } from '../output/progress.js';
import { table } from '../output/table.js';
import { csv } from '../report/csv.js';
import { type Baseline, iso, type Report, readBaseline, reportDocument } from '../report/document.js';
import { countedOf } from '../report/figures.js';
import { periodStart } from '../report/period.js';
import { lostInAll, type Row, rowOf, tableColumns } from '../report/rows.js';
import { goneTaps, type Now, type ReportedTap, tapReport } from '../report/tap-report.js';
import type { Context } from './context.js';

export interface ReportOptions {
  readonly kind?: Kind;
  readonly since: string;
  readonly baseline?: string;
  readonly csv?: boolean;
  readonly project?: string;
}

/** `taas report`: how complete taps were over a period, as far as that can be told. */
export async function report(context: Context, name: string | undefined, options: ReportOptions): Promise<void> {
  const { host } = context;
  const until = host.clock.now();
  const from = periodStart(options.since, until);
  const baseline = options.baseline === undefined ? null : baselineOf(context, options.baseline);
  let asked = 0;
  const work = async () => {
    const taps = await tapsOf(context, name, options);
    const statistics = new Map<string, object>();
    const figures = await Promise.all(
      taps.map(async (tap) => {
        const now = await figuresOf(context, tap, statistics);
        asked += 1;
        return now;
      }),
    );
    const { trail, events } = await trailOf(context, from);
    return { taps, statistics, figures, trail, events };
  };
  const { taps, statistics, figures, trail, events } = await withProgress(
    host,
    () => `reporting: ${asked} taps`,
    work(),
  );
  const there = new Set(taps.map(({ id }) => id));
  const own = (id: string) => events?.filter(({ tap }) => tap?.id === id) ?? null;
  const compared = (id: string) => baseline?.counted.get(id);
  const reports = taps.map((tap, n) =>
    tapReport(reported(tap), figures[n] ?? lost, compared(tap.id), from, own(tap.id)),
  );
  const gone = name === undefined ? goneTaps(events ?? [], there).filter(isAskedFor(options)) : [];
  const reportsOfGone = gone.map((tap) => tapReport(tap, lost, undefined, from, own(tap.id)));
  const whole: Report = { from, until, baseline: baseline?.at ?? null, taps: [...reports, ...reportsOfGone], trail };
  host.terminal.out(formatted(context, whole, statistics, options.csv === true));
}

const lost: Seen<Now> = unseen('it is gone, and what it had counted went with it');

function baselineOf({ host }: Context, path: string): Baseline {
  const text = host.files.read(path);
  if (text === null) throw new CliError('usage', `the file ${path} does not exist`);
  return readBaseline(path, text);
}

async function tapsOf({ api }: Context, name: string | undefined, { kind, project }: ReportOptions): Promise<Tap[]> {
  if (name !== undefined) return [await findTap(api, name, kind && [kind])];
  const asked = (kind === undefined ? kindNames : [kind]).map((each) => api.list(each, { project_id: project }));
  return (await Promise.all(asked)).flat();
}

const reported = (tap: Tap): ReportedTap => ({
  kind: tap.kind,
  id: tap.id,
  name: textOf(tap, 'name'),
  project: textOf(tap, 'project_id'),
  status: textOf(tap, 'status'),
});

const isAskedFor =
  ({ kind, project }: ReportOptions) =>
  (tap: ReportedTap): boolean =>
    (kind === undefined || tap.kind === kind) && (project === undefined || tap.project === project);

/** How often a server that has too much to do is asked again: it hears half a minute of a tap that was asked for. */
const patience = 20;
const longestPauseMs = 60_000;

async function figuresOf({ api }: Context, { kind, id }: Tap, statistics: Map<string, object>): Promise<Seen<Now>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { document, figures } = await statisticsOf(api, kind, id);
      statistics.set(id, document);
      return seen({ counted: countedOf(figures), current: figures.current === true, unanswered: figures.unanswered });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      const pause = error instanceof RefusedError ? error.retryAfterMs : null;
      if (pause === null || pause > longestPauseMs || attempt === patience) return unseen(error.message);
      await api.session.pause(pause);
    }
  }
}

/** The trail is for administrators: who may not read it has a report without it. */
async function trailOf(
  { api }: Context,
  from: number,
): Promise<{ readonly trail: Report['trail']; readonly events: readonly AuditEvent[] | null }> {
  try {
    const since = await auditBegins(api);
    return { trail: { since }, events: await auditSince(api, from) };
  } catch (error) {
    if (!(error instanceof CliError) || (error.outcome !== 'refused' && error.outcome !== 'not_found')) throw error;
    return { trail: { why: error.message }, events: null };
  }
}

function formatted(
  { options }: Context,
  whole: Report,
  statistics: ReadonlyMap<string, object>,
  asCsv: boolean,
): string {
  const rows = whole.taps.map(rowOf);
  const { format } = options;
  if (asCsv) return csv(head, rows);
  if (format === 'json' || format === 'yaml') return formatValue(reportDocument(whole, statistics), format);
  if (format === 'value') return rows.map((row) => `${row.map(([, text]) => printable(text)).join('\t')}\n`).join('');
  const columns = format === 'wide' ? head : tableColumns;
  const cells = rows.map((row) =>
    columns.map((column) => printable(column === 'lost' ? lostInAll(row) : textAt(row, column))),
  );
  return `${table(columns, cells)}${notes(whole, rows)
    .map((note) => `${printable(note)}\n`)
    .join('')}`;
}

const textAt = (row: Row, column: string): string => row.find(([name]) => name === column)?.[1] ?? '';

/** The columns, also where there is no tap. */
const head = rowOf({
  kind: 'service',
  id: '',
  name: '',
  project: '',
  status: null,
  covers: 'none',
  figures: null,
  ...{ why: '', current: false, events: null },
}).map(([column]) => column);

function notes({ from, until, baseline, trail }: Report, rows: readonly Row[]): string[] {
  const why = rows.flatMap((row) => (textAt(row, 'why') === '' ? [] : [`${textAt(row, 'id')}: ${textAt(row, 'why')}`]));
  const shortened =
    'why' in trail
      ? [`no audit trail: ${trail.why}`]
      : trail.since !== null && trail.since > from
        ? [`the audit trail in etcd begins at ${iso(trail.since)}: what is older is in the operator's file`]
        : [];
  return [
    `period ${iso(from)} to ${iso(until)}${baseline === null ? '' : `, compared with a report of ${iso(baseline)}`}`,
    ...shortened,
    ...why,
  ];
}
