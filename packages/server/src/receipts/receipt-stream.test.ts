import { randomUUID } from 'node:crypto';
import type { StageCount, StatisticsRecord, StatisticsTotals } from '@taas/model';
import { describe, expect, it } from 'vitest';
import { receiptFigures } from './receipt-figures.js';
import { ReceiptStream } from './receipt-stream.js';

const id = '00000005-0000-4000-8000-000000000001';

function count(stage: StageCount['stage'], packets: number, direction: StageCount['direction'] = 'BOTH'): StageCount {
  return { stage, direction, packets: `${packets}`, bytes: `${packets * 100}` };
}
function node(stages: readonly StageCount[], more: Partial<StatisticsRecord> = {}): StatisticsRecord {
  return { v: 1, id, since: 1, at: 50, gaps: [], final: false, stages: [...stages], ...more };
}
const earlier = (stages: readonly StageCount[], unreadable = 0): StatisticsTotals => {
  return { v: 1, id, since: 1, at: 2, unreadable, gaps: [], stages: [...stages] };
};

describe('the figures of a receipt', () => {
  it('are what all sources had, less what filters did not want, of the oldest count', () => {
    const source = node([count('seen', 10, 'IN'), count('seen', 5, 'OUT'), count('filtered', 4), count('thinned', 3)]);
    const collector = node([count('seen', 1, 'OUT'), count('arrived', 8), count('receipts', 90)], { at: 40 });
    const before = earlier([count('seen', 100, 'IN'), count('filtered', 50)]);
    expect(receiptFigures([source, collector], before, 99)).toEqual({
      ...{ countedAt: 40, asked: 10n + 5n + 1n + 100n - 54n, filtered: 54n, thinned: 3n },
      seen: {
        IN: { packets: 110n, bytes: 11_000n },
        OUT: { packets: 6n, bytes: 600n },
        BOTH: { packets: 0n, bytes: 0n },
      },
    });
  });

  it('are of now where nobody counts any more, and leave out bytes that nobody knows', () => {
    const { bytes: _, ...unweighed } = count('seen', 3, 'IN');
    const figures = receiptFigures([node([unweighed], { final: true })], null, 99);
    expect(figures).toMatchObject({ countedAt: 99, asked: 3n, seen: { IN: { packets: 3n, bytes: null } } });
  });

  it('are not known where copies come of a source that is not counted', () => {
    for (const stage of ['copied', 'sent', 'filtered', 'thinned'] as const) {
      expect(receiptFigures([node([count(stage, 1)])], null, 99)).toBeNull();
      expect(receiptFigures([node([count(stage, 0)])], null, 99)).not.toBeNull();
    }
    expect(receiptFigures([], earlier([count('sent', 1)]), 99)).toBeNull();
  });
});

describe('the receipts of a tap service', () => {
  const stream = () => new ReceiptStream(id, randomUUID);
  const known = (nodes: Record<string, readonly StageCount[]>, before: StatisticsTotals | null = null) => {
    const records = new Map(Object.entries(nodes).map(([name, stages]) => [name, node(stages)] as const));
    const figures = receiptFigures([...records.values()], before, 0);
    return figures && { figures, nodes: records, unreadable: before?.unreadable ?? 0 };
  };
  const seen = (packets: number) => [count('seen', packets)];

  it('are numbered, with or without figures', () => {
    const receipts = stream();
    const all = [known({ a: seen(1) }), null, known({ a: seen(2) })].map((each, n) => receipts.next(each, n));
    expect(all.map(({ sequence, sentAt, figures }) => [sequence, sentAt, figures?.asked])).toEqual([
      [1n, 0, 1n],
      [2n, 1, undefined],
      [3n, 2, 2n],
    ]);
    expect(new Set(all.map(({ sender }) => sender)).size).toBe(1);
  });

  it('begin anew where what was counted is lost, on one node or with one that has left', () => {
    for (const [before, after] of [
      [known({ a: seen(10) }), known({ a: seen(9) })],
      // Another node has had more meanwhile.
      [known({ a: seen(10), b: seen(1) }), known({ a: seen(2), b: seen(50) })],
      [known({ a: seen(10), b: seen(1) }), known({ b: seen(50) }, earlier([], 1))],
      [known({ a: [...seen(10), count('filtered', 5)] }), known({ a: [...seen(10), count('filtered', 4)] })],
    ]) {
      const receipts = stream();
      const first = receipts.next(before ?? null, 0);
      const second = receipts.next(after ?? null, 1);
      expect(second.sender).not.toBe(first.sender);
      expect(second.sequence).toBe(1n);
    }
  });

  it('go on where a node leaves with what it had, and never count back', () => {
    const receipts = stream();
    const first = receipts.next(known({ a: seen(10), b: seen(1) }), 0);
    const second = receipts.next(known({ b: seen(1) }, earlier(seen(10))), 1);
    const third = receipts.next(known({ b: [...seen(3), count('filtered', 3)] }, earlier(seen(10))), 2);
    expect([second, third].map(({ sender }) => sender)).toEqual([first.sender, first.sender]);
    expect([first, second, third].map(({ figures }) => figures?.asked)).toEqual([11n, 11n, 11n]);
  });
});
