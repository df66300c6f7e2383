import {
  keys,
  RecordError,
  type StatisticsRecord,
  type StatisticsTotals,
  statisticsCodec,
  statisticsTotalsCodec,
  sumGaps,
  sumStages,
} from '@taas/model';
import type { KeyValue, Store } from '@taas/store';
import type { ClusterView } from '../view/cluster-view.js';
import { believed } from '../view/record-value.js';
import { shelf } from '../view/shelf.js';
import { type Fold, guard, type Step } from './step.js';

/**
 * Completes steps that take a tap off a node with the sums of what the node had counted: in one transaction, so that each figure
 * is counted once, whoever is killed when. What a deleted tap had counted goes with it.
 *
 * Two nodes' figures of one tap are not added up in one go: the second step is left out, and comes again with the first one's event.
 */
export async function completing(
  steps: readonly Step[],
  view: ClusterView,
  store: Store,
  signal: AbortSignal,
): Promise<readonly Step[]> {
  const done: Step[] = [];
  const taken = new Set<string>();
  const goes = new Set(
    steps.flatMap(({ operations }) => operations.flatMap(({ kind, key }) => (kind === 'delete' ? [key] : []))),
  );
  const isLeft = ({ kind, id }: Fold): boolean => {
    const tap = shelf(view, kind).byId.get(id);
    // Of a record that cannot be read nobody knows that it is being deleted.
    // A capture has no statistics to show, and goes with its lease, which takes no sums along.
    const isOfCapture = tap?.record && 'capture' in tap.record && tap.record.capture !== undefined;
    return tap !== undefined && !isOfCapture && tap.record?.deleting !== true && !goes.has(tap.key);
  };
  for (const step of steps) {
    const totals = (step.folds ?? []).map(({ kind, id }) => keys.statisticsTotals(kind, id));
    if (totals.some((key) => taken.has(key))) continue;
    for (const key of totals) taken.add(key);
    let complete = step;
    for (const fold of step.folds ?? [])
      complete = isLeft(fold) ? await withFold(complete, fold, view, store, signal) : without(complete, fold);
    done.push(complete);
  }
  return done;
}

/** Takes the figures away with the tap that they are of. */
function without({ compare, operations }: Step, { final }: Fold): Step {
  if (final === null) return { compare, operations };
  return {
    compare: [...compare, { kind: 'mod-revision', key: final.key, revision: final.modRevision }],
    operations: [...operations, { kind: 'delete', key: final.key }],
  };
}

async function withFold(step: Step, fold: Fold, view: ClusterView, store: Store, signal: AbortSignal): Promise<Step> {
  const { kind, id, final } = fold;
  const { compare, operations } = without(step, fold);
  const key = keys.statisticsTotals(kind, id);
  const stands = await store.get(key, { signal });
  const unchanged = stands
    ? ({ kind: 'mod-revision', key, revision: stands.modRevision } as const)
    : ({ kind: 'absent', key } as const);
  const value = statisticsTotalsCodec.format(folded(id, stands, final));
  // Who deletes the tap meanwhile takes its sums along: they must not come after.
  const there = guard(shelf(view, kind).byId.get(id));
  return { compare: [...compare, unchanged, ...there], operations: [...operations, { kind: 'put', key, value }] };
}

/** What was added up before, and one node more. A value that cannot be read, or has not come, is counted as one that is missing. */
export function folded(id: string, stands: KeyValue | undefined, final: KeyValue | null): StatisticsTotals {
  const before = stands && readTotals(stands);
  const node = final && readFinal(final);
  const known = [before, node].filter((each) => each !== undefined && each !== null);
  const lost = (stands && !before ? 1 : 0) + (node ? 0 : 1);
  return {
    v: 1,
    id,
    unreadable: (before?.unreadable ?? 0) + lost,
    since: earliest(known.map(({ since }) => since)),
    at: latest(known.map(({ at }) => at)),
    stages: sumStages(known.map(({ stages }) => stages)),
    gaps: sumGaps(known.map(({ gaps }) => gaps)),
  };
}

/** Null if none of them is known. */
export function earliest(times: readonly (number | null)[]): number | null {
  return times.reduce((found, time) => (time === null || (found !== null && found <= time) ? found : time), null);
}

function latest(times: readonly (number | null)[]): number | null {
  return times.reduce((found, time) => (time === null || (found !== null && found >= time) ? found : time), null);
}

/** Null for a value that cannot be read. */
export const readTotals = (kv: KeyValue): StatisticsTotals | null => read(kv, statisticsTotalsCodec.parse);
const readFinal = (kv: KeyValue): StatisticsRecord | null => read(kv, statisticsCodec.parse);

function read<T>(kv: KeyValue, parse: (key: string, value: string) => T): T | null {
  try {
    return parse(kv.key, believed(kv));
  } catch (error) {
    if (error instanceof RecordError) return null;
    throw error;
  }
}
