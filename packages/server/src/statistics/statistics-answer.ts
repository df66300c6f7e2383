import {
  type Gap,
  type LossCause,
  lossesOf,
  type NodeFigures,
  packetsAt,
  type ResourceKind,
  type StageCount,
  type StatisticsTotals,
  sumGaps,
  sumStages,
  unaccounted,
} from '@taas/model';
import { earliest } from '../compiler/fold-statistics.js';
import { isoTime } from '../http/iso-time.js';
import type { Exact } from './exact-json.js';
import type { Heard } from './statistics-desk.js';
import type { Silence } from './tap-parts.js';

/** @param at when the node read VPP's counters, as the API shows it; null: it has told no figures */
type Reason = (node: string, at: string | null) => string;

const reasons: Readonly<Record<Silence, Reason>> = {
  agent_not_running: (node) => `the TaaS agent of node ${node} is not running`,
  agent_unreadable: (node) => `the record of the TaaS agent of node ${node} cannot be read`,
  agent_without_statistics: (node) =>
    `the TaaS agent of node ${node} does not count: it is of an earlier release, or cannot read VPP's counters`,
  no_answer_yet: (node) => `node ${node} has not answered yet: try again`,
  counted_before: (node, at) =>
    `node ${node} answers, and has read VPP's counters at ${at} last: it reads them seldom where that takes long`,
  record_unreadable: (node) => `what node ${node} has written cannot be read`,
  too_many_nodes: (node) => `node ${node} was not asked: the tap is on too many nodes`,
};

/** Every reason for which a node's figures are missing or old, for the reference page. */
export const silences = Object.keys(reasons) as readonly Silence[];

/** What nodes had counted that have no part in the tap any more; null if there are none. */
export type Earlier = StatisticsTotals | 'unreadable' | null;

/** What has been counted of a tap, as the API shows it. */
export function statisticsAnswer(
  kind: ResourceKind,
  id: string,
  heard: readonly Heard[],
  earlier: Earlier,
): { readonly [name: string]: Exact } {
  const counted = heard.flatMap(({ record }) => (record ? [record] : []));
  const before = earlier === null || earlier === 'unreadable' ? [] : [earlier];
  const all = [...counted, ...before];
  // A node that is not heard now may have what the others miss, or miss what they have.
  const silent = heard.flatMap(({ part, silence, record }) => (silence ? [{ node: part.node, silence, record }] : []));
  return {
    id,
    kind: kind.replace(/s$/, ''),
    as_of: counted.length === 0 ? null : isoTime(Math.min(...counted.map(({ at }) => at))),
    since: shownTime(earliest(all.map(({ since }) => since))),
    current: heard.length > 0 && silent.length === 0,
    ...figures(all, silent.length === 0 ? [] : betweenNodes),
    unaccounted:
      silent.length > 0 ? null : sumOf(all.flatMap(({ stages }) => (stages.length === 0 ? [] : [unaccounted(stages)]))),
    completeness:
      silent.length > 0 || earlier === 'unreadable' || before.some(({ unreadable }) => unreadable > 0)
        ? null
        : completeness(all),
    earlier: shownEarlier(earlier),
    nodes: heard.flatMap(({ part, record, current }) =>
      record === null
        ? []
        : [
            {
              node: part.node,
              as_of: isoTime(record.at),
              since: isoTime(record.since),
              current,
              final: record.final,
              ...figures([record]),
              unaccounted: unaccounted(record.stages),
            },
          ],
    ),
    unanswered: silent.map(({ node, silence, record }) => {
      return {
        node,
        code: silence,
        reason: reasons[silence](node, record && isoTime(record.at)),
        figures: record === null ? 'none' : 'old',
      };
    }),
  };
}

const shownTime = (time: number | null): string | null => (time === null ? null : isoTime(time));

function shownEarlier(earlier: Earlier): Exact {
  if (earlier === null) return null;
  if (earlier === 'unreadable') return { unreadable: null };
  const { since, at, unreadable } = earlier;
  return { since: shownTime(since), until: shownTime(at), unreadable, ...figures([earlier]) };
}

/** Losses that are told by comparing what several nodes have counted. */
const betweenNodes: readonly LossCause[] = ['underlay', 'unaccounted'];

/** @param unknown losses that cannot be told */
function figures(
  nodes: readonly NodeFigures[],
  unknown: readonly LossCause[] = [],
): { readonly [name: string]: Exact } {
  return {
    stages: sumStages(nodes.map(({ stages }) => stages)).map(shownStage),
    lost: [...lossesOf(nodes)].flatMap(([cause, packets]) => (unknown.includes(cause) ? [] : [{ cause, packets }])),
    gaps: sumGaps(nodes.map(({ gaps }) => gaps)).map(shownGap),
  };
}

function shownStage({ stage, direction, packets, bytes }: StageCount): { readonly [name: string]: Exact } {
  return { stage, direction, packets: BigInt(packets), bytes: bytes === undefined ? null : BigInt(bytes) };
}

function shownGap({ cause, milliseconds, packets }: Gap): { readonly [name: string]: Exact } {
  return { cause, milliseconds, packets: packets === undefined ? null : BigInt(packets) };
}

/** Null if one of them is not known: a sum without it would be another figure. */
function sumOf(values: readonly (bigint | null)[]): bigint | null {
  if (values.length === 0) return null;
  return values.reduce<bigint | null>((total, each) => (total === null || each === null ? null : total + each), 0n);
}

/** Digits after the point. */
const precision = 1_000_000n;

/**
 * The share of what was asked for that was not lost, as far as it was counted: 1 only where nothing was. What was asked for is what
 * the source ports had, also while nothing was mirrored, without what the filter did not want.
 * @returns null where nobody has counted the source, or nothing was asked for; also where a loss may be that nobody has counted: in a
 * gap without figures, or at a collector's port whose drops cannot be told
 */
export function completeness(nodes: readonly NodeFigures[]): number | null {
  const total = sumStages(nodes.map(({ stages }) => stages));
  const seen = packetsAt(total, 'seen') ?? packetsAt(total, 'copied');
  if (seen === null) return null;
  if (nodes.some(missesUncounted) || nodes.some(hidesDrops)) return null;
  const lost = lossesOf(nodes);
  const asked = seen + (lost.get('not_mirrored') ?? 0n) - (packetsAt(total, 'filtered') ?? 0n);
  if (asked <= 0n) return null;
  const losses = [...lost.values()].reduce((sum, each) => sum + each, 0n);
  const kept = losses > asked ? 0n : asked - losses;
  return Number((kept * precision) / asked) / Number(precision);
}

/** The source had frames in a gap, and nobody has counted them. What a collector's node misses is told by what was sent to it. */
function missesUncounted({ stages, gaps }: NodeFigures): boolean {
  if (packetsAt(stages, 'seen') === null && packetsAt(stages, 'copied') === null) return false;
  return gaps.some(({ milliseconds, packets }) => milliseconds > 0 && packets === undefined);
}

/** The drops of the collector's port cannot be told. */
function hidesDrops({ stages }: NodeFigures): boolean {
  return packetsAt(stages, 'offered') !== null && packetsAt(stages, 'ring_dropped') === null;
}
