import { type LossCause, lossCauses } from '@taas/model';
import { kinds } from '../api/kinds.js';
import { iso } from './document.js';
import { packetsAt } from './figures.js';
import type { TapReport } from './tap-report.js';

/** A line of a report: a column is never renamed or moved; new ones come last. What is not known is empty. */
export type Row = readonly (readonly [column: string, text: string])[];

const stages = ['seen', 'copied', 'filtered', 'thinned', 'sent', 'arrived', 'offered', 'delivered'] as const;

/** Those that have a column among the first; the others' come last. */
const firstCauses: readonly LossCause[] = [
  ...(['not_mirrored', 'thinned', 'underlay', 'ring_full', 'no_vm', 'unaccounted'] as const),
];
const laterCauses = lossCauses.filter((cause) => !firstCauses.includes(cause));

export function rowOf({ kind, id, name, project, status, covers, figures, why, current, events }: TapReport): Row {
  const count = (value: bigint | null | undefined) => (value === null || value === undefined ? '' : String(value));
  const time = (at: number | null | undefined) => (at === null || at === undefined ? '' : iso(at));
  const last = (event: string) => events?.filter((each) => each.event === event).at(-1);
  const lost = (cause: LossCause) => [`lost_${cause}`, count(figures?.lost.get(cause))] as const;
  const gaps = figures ? [...figures.gaps.values()] : null;
  return [
    ...([
      ['id', id],
      ['kind', kinds[kind].resource],
      ['name', name],
      ['project_id', project],
    ] as const),
    ...([
      ['status', status ?? 'gone'],
      ['covers', covers],
    ] as const),
    ...([
      ['from', time(figures?.since)],
      ['until', time(figures?.asOf)],
      ['current', figures ? String(current) : ''],
    ] as const),
    ...stages.map((stage) => [stage, count(figures && packetsAt(figures.stages, stage))] as const),
    ...firstCauses.map(lost),
    ['gap_seconds', gaps === null ? '' : String(gaps.reduce((sum, each) => sum + each, 0) / 1000)],
    ...([
      ['unaccounted', count(figures?.unaccounted)],
      ['completeness', figures?.completeness?.toString() ?? ''],
    ] as const),
    ...(['created', 'began', 'deleted', 'ended'] as const).map((event) => [event, time(last(event)?.at)] as const),
    ...([
      ['created_by', last('created')?.user ?? ''],
      ['deleted_by', last('deleted')?.user ?? ''],
    ] as const),
    ['why', why],
    ...laterCauses.map(lost),
  ];
}

/** What a table for people shows. */
export const tableColumns: readonly string[] = [
  ...['id', 'kind', 'name', 'covers', 'from', 'seen', 'copied', 'delivered', 'lost', 'gap_seconds', 'unaccounted'],
  'completeness',
];

/** All losses in one: empty if none is counted. */
export function lostInAll(row: Row): string {
  const counted = row.filter(([column, text]) => column.startsWith('lost_') && text !== '');
  return counted.length === 0 ? '' : String(counted.reduce((sum, [, text]) => sum + BigInt(text), 0n));
}
