import { keys, type ResourceKind, type StatisticsRecord, statisticsCodec, unaccounted } from '@taas/model';
import { expect } from 'vitest';
import type { TapLab } from './tap-lab.js';

/** Packets by stage and direction, e.g. `seen OUT`. */
export type Expected = Readonly<Record<string, number>>;

/** Figures are written every five seconds; a busy machine is given more. */
export const figuresMs = 30_000;

/** What nodes of a lab publish of taps, for whoever compares that with what was sent and captured. */
export class Figures {
  constructor(private readonly lab: TapLab) {}

  /** What a node has written of a tap last. @throws Error if there is nothing */
  async record(node: string, kind: ResourceKind, id: string): Promise<StatisticsRecord> {
    const key = keys.statistics(node, kind, id);
    const found = await this.lab.cloud.store.get(key);
    if (!found) throw new Error(`there is no ${key}`);
    return statisticsCodec.parse(key, found.value);
  }

  /** Asks for a tap's figures, and waits until they are these, with nothing unaccounted. */
  async expect(node: string, kind: ResourceKind, id: string, expected: Expected): Promise<void> {
    const asked = { kind: 'put', key: keys.statisticsRequest(node, kind, id), value: '{"v":1}' } as const;
    await this.lab.cloud.store.transact(
      { compare: [], operations: [asked] },
      { signal: AbortSignal.timeout(figuresMs) },
    );
    await this.lab.eventually(async () => {
      const found = await this.record(node, kind, id);
      expect({ node, kind, ...packetsOf(found) }).toEqual({ node, kind, ...expected });
      expect(Number(unaccounted(found.stages) ?? 0n)).toBe(0);
    }, figuresMs);
  }
}

export function packetsOf({ stages }: StatisticsRecord): Expected {
  return Object.fromEntries(stages.map(({ stage, direction, packets }) => [`${stage} ${direction}`, Number(packets)]));
}
