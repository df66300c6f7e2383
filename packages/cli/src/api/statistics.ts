import { type Gap, gapCauses, type Stage, stages } from '@taas/model';
import { CliError } from '../exit-codes.js';
import { isDirection, type Kind, kinds } from './kinds.js';
import { isObject, type TaasApi } from './taas-api.js';

export interface StageFigure {
  readonly stage: Stage;
  readonly direction: 'IN' | 'OUT' | 'BOTH';
  readonly packets: bigint;
  readonly bytes: bigint | null;
}

/** What the API says that a tap has copied, summed over its nodes (docs/reference/api.md). */
export interface TapStatistics {
  readonly stages: readonly StageFigure[];
  readonly gaps: readonly { readonly cause: Gap['cause']; readonly milliseconds: number }[];
  /** Copies lost, by cause; a cause that nobody could count is not in it. */
  readonly lost: ReadonlyMap<string, bigint>;
  /** When the first of its nodes began to count, in milliseconds since 1970; null if none has told. */
  readonly since: number | null;
  /** When the oldest figure was read, in milliseconds since 1970; null if no node has told any yet. */
  readonly asOf: number | null;
  /** Copies of which no counter says what became of them; null where that cannot be told. */
  readonly unaccounted: bigint | null;
  /** The share that was not lost; null where that cannot be told. */
  readonly completeness: number | null;
  /** Whether every node that has part in the tap has told figures of now; null where the API does not say. */
  readonly current: boolean | null;
  /** Why nodes have not answered. */
  readonly unanswered: readonly string[];
  /** Of a tap flow: its service's, which counts all of its flows together. */
  readonly service: TapStatistics | null;
}

export interface StatisticsAnswer {
  readonly document: Readonly<Record<string, unknown>>;
  readonly figures: TapStatistics;
}

/** @throws RefusedError, with 404 where the server has no statistics or the tap is gone */
export async function statisticsOf(api: TaasApi, kind: Kind, id: string): Promise<StatisticsAnswer> {
  const { collection } = kinds[kind];
  const { statistics } = await api.getInTurn(`/v2.0/taas/${collection}/${encodeURIComponent(id)}/statistics`);
  if (!isObject(statistics))
    throw new CliError('unreachable', 'the answer has no statistics; is the network endpoint right?');
  return { document: statistics, figures: readStatistics(statistics) };
}

/** What in the document has not the form that it should have is as good as absent. */
export function readStatistics(document: Readonly<Record<string, unknown>>): TapStatistics {
  const { as_of, unaccounted, completeness, current, service } = document;
  return {
    stages: listOf(document['stages']).flatMap((each) => {
      const stage = stages.find((name) => name === each['stage']);
      const packets = countOf(each['packets']);
      const direction = each['direction'] ?? 'BOTH';
      if (stage === undefined || packets === null || !isDirection(direction)) return [];
      return [{ stage, direction, packets, bytes: countOf(each['bytes']) }];
    }),
    gaps: listOf(document['gaps']).flatMap((each) => {
      const cause = gapCauses.find((name) => name === each['cause']);
      const { milliseconds } = each;
      return cause === undefined || typeof milliseconds !== 'number' ? [] : [{ cause, milliseconds }];
    }),
    lost: new Map(
      listOf(document['lost']).flatMap((each) => {
        const packets = countOf(each['packets']);
        return packets === null ? [] : [[String(each['cause']), packets] as const];
      }),
    ),
    ...{ since: timeOf(document['since']), asOf: timeOf(as_of) },
    unaccounted: countOf(unaccounted),
    completeness: typeof completeness === 'number' ? completeness : null,
    current: typeof current === 'boolean' ? current : null,
    unanswered: listOf(document['unanswered']).map(({ reason, node }) => String(reason ?? `node ${node}`)),
    service: isObject(service) ? readStatistics(service) : null,
  };
}

function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

const listOf = (value: unknown) => (Array.isArray(value) ? value.filter(isObject) : []);

/** A count beyond 2^53 is a text here ({@link TaasApi}). */
function countOf(value: unknown): bigint | null {
  if (typeof value === 'string' && /^-?[0-9]{1,20}$/.test(value)) return BigInt(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : null;
}

/** All packets of a stage, over directions; null if nobody counts the stage. */
export function packetsOf({ stages: figures }: TapStatistics, stage: Stage): bigint | null {
  const found = figures.filter((each) => each.stage === stage);
  return found.length === 0 ? null : found.reduce((sum, each) => sum + each.packets, 0n);
}
