import { type Gap, gapCauses, type Stage, stages } from '@taas/model';
import { type Kind, kinds } from './kinds.js';
import { isObject, type TaasApi } from './taas-api.js';

export interface StageFigure {
  readonly stage: Stage;
  readonly direction: string;
  readonly packets: bigint;
  readonly bytes: bigint | null;
}

/** What the API says that a tap has copied, summed over its nodes. */
export interface TapStatistics {
  readonly stages: readonly StageFigure[];
  readonly gaps: readonly {
    readonly cause: Gap['cause'];
    readonly milliseconds: number;
    readonly packets: bigint | null;
  }[];
  /** When the oldest figure was read, in milliseconds since 1970; null if no node has told any yet. */
  readonly at: number | null;
  /** Copies of which nobody can say what became of them; null where that cannot be told. */
  readonly unaccounted: bigint | null;
  /** Whether every node that has part in the tap has told its figures; null where the API does not say. */
  readonly complete: boolean | null;
}

/** @throws RefusedError, with 404 where the server has no statistics or the tap is gone */
export async function statisticsOf(api: TaasApi, kind: Kind, id: string): Promise<TapStatistics> {
  const { collection } = kinds[kind];
  return readStatistics(await api.get(`/v2.0/taas/${collection}/${encodeURIComponent(id)}/statistics`));
}

/** The document of the API; what in it has not the form that it should have is as good as absent. */
export function readStatistics(body: Readonly<Record<string, unknown>>): TapStatistics {
  const inner = Object.values(body).find(isObject) ?? body;
  const { at, unaccounted, complete } = inner;
  return {
    stages: listOf(inner['stages']).flatMap((each) => {
      const stage = stages.find((name) => name === each['stage']);
      const packets = countOf(each['packets']);
      if (stage === undefined || packets === null) return [];
      return [{ stage, direction: String(each['direction'] ?? 'BOTH'), packets, bytes: countOf(each['bytes']) }];
    }),
    gaps: listOf(inner['gaps']).flatMap((each) => {
      const cause = gapCauses.find((name) => name === each['cause']);
      const milliseconds = Number(each['milliseconds']);
      return cause === undefined || Number.isNaN(milliseconds)
        ? []
        : [{ cause, milliseconds, packets: countOf(each['packets']) }];
    }),
    at: timeOf(at),
    unaccounted: countOf(unaccounted),
    complete: typeof complete === 'boolean' ? complete : null,
  };
}

const listOf = (value: unknown) => (Array.isArray(value) ? value.filter(isObject) : []);

/** A count as a text, since 64 bits are more than a JSON number holds; the smaller ones may be numbers. */
function countOf(value: unknown): bigint | null {
  if (typeof value === 'string' && /^-?[0-9]{1,20}$/.test(value)) return BigInt(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : null;
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number(value ?? Number.NaN);
  return Number.isNaN(time) ? null : time;
}

/** All packets of a stage, over directions; null if nobody counts the stage. */
export function packetsOf({ stages: figures }: TapStatistics, stage: Stage): bigint | null {
  const found = figures.filter((each) => each.stage === stage);
  return found.length === 0 ? null : found.reduce((sum, each) => sum + each.packets, 0n);
}
