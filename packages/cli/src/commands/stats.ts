import { findTap } from '../api/find-tap.js';
import type { Kind, Tap } from '../api/kinds.js';
import { type StatisticsAnswer, statisticsOf, type TapStatistics } from '../api/statistics.js';
import { formatValue } from '../output/format.js';
import { printable } from '../output/printable.js';
import { withProgress } from '../output/progress.js';
import { table } from '../output/table.js';
import type { Context } from './context.js';

export interface StatsOptions {
  readonly kind?: Kind;
  /** Seconds between two polls; absent: one poll. */
  readonly watch?: number;
  /** How many looks; absent: until the user interrupts. */
  readonly count?: number;
}

/** `taas stats`: what has been counted of a tap, stage by stage. */
export async function stats(context: Context, nameOrId: string, { kind, watch, count }: StatsOptions): Promise<void> {
  const { host, api } = context;
  const tap = await withProgress(host, () => 'looking', findTap(api, nameOrId, kind && [kind]));
  let before: TapStatistics | null = null;
  const most = watch === undefined ? 1 : (count ?? Number.POSITIVE_INFINITY);
  for (let n = 0; n < most; n += 1) {
    if (n > 0 && !(await paused(context, watch ?? 1))) return;
    const answer = await withProgress(host, () => 'asking the nodes', statisticsOf(api, tap.kind, tap.id));
    if (n > 0 && host.terminal.outIsTerminal) host.terminal.out('\u001b[H\u001b[2J');
    host.terminal.out(formatted(context, tap, answer, before, watch !== undefined));
    before = answer.figures;
  }
}

/** @returns false when the user has seen enough, which is how a watch ends */
async function paused({ host }: Context, seconds: number): Promise<boolean> {
  try {
    await host.clock.sleep(seconds * 1000, host.signal);
    return true;
  } catch (error) {
    if (host.signal.aborted) return false;
    throw error;
  }
}

function formatted(
  { options }: Context,
  tap: Tap,
  { document, figures }: StatisticsAnswer,
  before: TapStatistics | null,
  watched: boolean,
): string {
  const { format } = options;
  // A line for each poll, for programs that read along.
  if (format === 'json' && watched) return `${printable(JSON.stringify(document))}\n`;
  if (format === 'json' || format === 'yaml') return formatValue(document, format);
  const rows = rowsOf(figures, before);
  if (format === 'value') return rows.map((row) => `${row.join('\t')}\n`).join('');
  const own = section(`${tap.kind} ${tap.id}`, figures, before);
  const { service } = figures;
  return service === null
    ? own
    : `${own}\n${section('its tap service, all of whose tap flows are counted together', service, before?.service ?? null)}`;
}

function section(title: string, figures: TapStatistics, before: TapStatistics | null): string {
  const { asOf, unaccounted, completeness, lost, gaps, unanswered } = figures;
  const of = (value: bigint | number | null) => (value === null ? 'not known' : String(value));
  const losses = [...lost].filter(([, packets]) => packets !== 0n).map(([cause, packets]) => `${packets} ${cause}`);
  const lines = [
    `as of         ${asOf === null ? 'not known' : new Date(asOf).toISOString()}`,
    `lost          ${losses.join(', ') || (lost.size === 0 ? 'not known' : '0')}`,
    `unaccounted   ${of(unaccounted)}`,
    `completeness  ${of(completeness)}`,
    ...gaps.map(({ cause, milliseconds }) => `gap           ${(milliseconds / 1000).toFixed(1)} s, ${cause}`),
    ...unanswered.map((reason) => `no answer     ${reason}`),
  ];
  const names = ['stage', 'direction', 'packets', 'bytes', ...(before === null ? [] : ['packets/s'])];
  return `${printable(title)}\n${table(names, rowsOf(figures, before))}${lines.map((line) => `${printable(line)}\n`).join('')}`;
}

function rowsOf(figures: TapStatistics, before: TapStatistics | null): string[][] {
  return figures.stages.map(({ stage, direction, packets, bytes }) => {
    const row = [stage, printable(direction), String(packets), bytes === null ? '' : String(bytes)];
    if (before === null) return row;
    const was = before.stages.find((each) => each.stage === stage && each.direction === direction)?.packets;
    return [...row, rate(was, packets, before.asOf, figures.asOf)];
  });
}

/** By the times at which the figures were read, not those at which they were asked for. */
export function rate(was: bigint | undefined, is: bigint, from: number | null, to: number | null): string {
  if (was === undefined || from === null || to === null || to <= from || is < was) return '-';
  return String(Math.round((Number(is - was) * 1000) / (to - from)));
}
