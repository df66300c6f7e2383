import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amountAt, inOrder, lossesOf, packetsAt, stageCount, sumGaps, sumStages, unaccounted } from './custody.js';
import { type Stage, stages } from './stage.js';
import type { StageCount } from './statistics-record.js';

const count = (
  stage: Stage,
  packets: bigint,
  direction: StageCount['direction'] = 'BOTH',
  bytes: bigint | null = null,
) => stageCount(stage, direction, { packets, bytes });

describe('stages of a tap', () => {
  it('are added over directions, and one that is not counted is not zero', () => {
    const counts = [count('seen', 3n, 'IN', 300n), count('seen', 4n, 'OUT', 400n), count('copied', 7n)];
    expect(amountAt(counts, 'seen')).toEqual({ packets: 7n, bytes: 700n });
    expect(amountAt(counts, 'copied')).toEqual({ packets: 7n, bytes: null });
    expect([packetsAt(counts, 'copied'), packetsAt(counts, 'sent')]).toEqual([7n, null]);
  });

  it('are added over nodes, in the order of custody, with all 64 bits', () => {
    const large = 2n ** 63n;
    expect(
      sumStages([
        [count('sent', large), count('seen', 1n, 'OUT', 60n)],
        [count('sent', 5n), count('seen', 2n, 'IN', 70n), count('seen', 3n, 'OUT', 80n)],
      ]),
    ).toEqual([count('seen', 2n, 'IN', 70n), count('seen', 4n, 'OUT', 140n), count('sent', large + 5n)]);
  });

  it('are put in order whatever they were in', () => {
    const all = stages.flatMap((stage) => (['IN', 'OUT', 'BOTH'] as const).map((way) => count(stage, 1n, way)));
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (given) => {
        expect(inOrder(given)).toEqual(all);
      }),
    );
  });
});

describe('gaps', () => {
  it('are added by cause, and packets are absent where nobody counted', () => {
    expect(
      sumGaps([
        [{ cause: 'vpp_restarted', milliseconds: 5 }],
        [
          { cause: 'not_active', milliseconds: 7, packets: '10' },
          { cause: 'vpp_restarted', milliseconds: 6 },
        ],
        [{ cause: 'not_active', milliseconds: 1 }],
      ]),
    ).toEqual([
      { cause: 'not_active', milliseconds: 8, packets: '10' },
      { cause: 'vpp_restarted', milliseconds: 11 },
    ]);
  });
});

describe('unaccounted', () => {
  it.each<[string, StageCount[], bigint | null]>([
    [
      'a flow with a mirror destination of its own',
      [count('seen', 9n), count('copied', 7n), count('filtered', 3n)],
      2n,
    ],
    ['a flow that shares its mirror destination', [count('seen', 9n)], null],
    ['a node of sources', [count('seen', 9n), count('filtered', 2n), count('thinned', 1n), count('sent', 6n)], 0n],
    ['the node of the collector', [count('seen', 1n), count('arrived', 8n), count('offered', 9n)], 0n],
    ['a node where more goes out than comes in', [count('arrived', 8n), count('offered', 9n)], -1n],
    ['nothing that comes in', [count('offered', 9n)], null],
    ['nothing at all', [], null],
  ])('of %s', (_, counts, expected) => {
    expect(unaccounted(counts)).toBe(expected);
  });

  it('is exactly what vanished between the counters of a node', () => {
    const small = fc.bigInt({ min: 0n, max: 2n ** 40n });
    fc.assert(
      fc.property(small, small, small, small, small, small, (filtered, thinned, sent, offered, arrived, vanished) => {
        const seen = filtered + thinned + sent + offered + vanished;
        const counts = [
          ...[count('filtered', filtered), count('thinned', thinned), count('sent', sent), count('arrived', arrived)],
          ...[count('offered', offered + arrived), count('seen', seen)],
        ];
        expect(unaccounted(counts)).toBe(vanished);
      }),
    );
  });
});

describe('lossesOf', () => {
  it('has each cause that somebody could count, and no other', () => {
    const source = {
      stages: [count('seen', 100n), count('thinned', 10n), count('sent', 85n)],
      gaps: [{ cause: 'not_active', milliseconds: 1000, packets: '33' } as const],
    };
    const collector = {
      stages: [count('arrived', 80n), count('offered', 80n), count('ring_dropped', 4n), count('no_vm', 0n)],
      gaps: [],
    };
    expect([...lossesOf([source, collector])]).toEqual([
      ['not_mirrored', 33n],
      ['thinned', 10n],
      ['underlay', 5n],
      ['ring_full', 4n],
      ['no_vm', 0n],
      ['unaccounted', 5n],
    ]);
    expect([...lossesOf([{ stages: [count('seen', 5n)], gaps: [] }])]).toEqual([]);
  });

  it('calls nothing lost that is only on its way, or counted a moment later', () => {
    const nodes = [
      { stages: [count('seen', 9n), count('sent', 10n)], gaps: [] },
      { stages: [count('arrived', 11n), count('offered', 11n)], gaps: [] },
    ];
    const losses = lossesOf(nodes);
    expect([losses.get('underlay'), losses.get('unaccounted')]).toEqual([0n, 0n]);
  });
});
