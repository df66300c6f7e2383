import type { SpanState } from '@taas/wiring';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  enoughPackets,
  enoughPolls,
  judgeCopies,
  type Mirror,
  type Moved,
  type SpanDestination,
  type WatchedSpanDestination,
} from './judge-copies.js';

const anyMirrors = fc.uniqueArray(
  fc.record({ index: fc.integer({ min: 2, max: 4 }), state: fc.constantFrom<SpanState>(1, 2, 3) }),
  { selector: ({ index }) => index, minLength: 1 },
);
const spanDestinationOf = (mirrors: readonly Pick<Mirror, 'index' | 'state'>[]): SpanDestination => {
  const all = mirrors.map((mirror) => ({ ...mirror, port: `p${mirror.index}` }));
  return { tag: 'taas.entry:s', index: 1, name: 'loop1', mirrors: all };
};

/** What happens between two polls, to each of four interfaces. */
type Step = readonly (readonly [rx: number, tx: number])[];
const anyStep: fc.Arbitrary<Step> = fc.array(
  fc.tuple(fc.constantFrom(0, 1, enoughPackets), fc.constantFrom(0, 1, enoughPackets)),
  { minLength: 5, maxLength: 5 },
);

/** All judgements after a first poll of zeros. */
function judged(spanDestination: SpanDestination, steps: readonly Step[]): WatchedSpanDestination[] {
  const now = new Map<number, Moved>([1, 2, 3, 4].map((index) => [index, { rxPackets: 0, txPackets: 0 }]));
  let watched = judgeCopies(null, spanDestination, now);
  return steps.map((step) => {
    for (const [index, { rxPackets, txPackets }] of now) {
      const [rx = 0, tx = 0] = step[index] ?? [];
      now.set(index, { rxPackets: rxPackets + rx, txPackets: txPackets + tx });
    }
    watched = judgeCopies(watched, spanDestination, new Map(now));
    if (!watched) throw new Error('it was all shown');
    return watched;
  });
}

const copied = (step: Step): boolean => (step[1]?.[1] ?? 0) > 0;
const busy = (step: Step, { index, state }: Mirror): boolean =>
  ((state & 1) !== 0 && (step[index]?.[0] ?? 0) >= enoughPackets) ||
  ((state & 2) !== 0 && (step[index]?.[1] ?? 0) >= enoughPackets);

describe('copies that do not move', () => {
  it('are called so only after polls in a row with traffic in a mirrored direction, and never after one copy', () =>
    fc.assert(
      fc.property(anyMirrors, fc.array(anyStep, { maxLength: 12 }), (mirrors, steps) => {
        const spanDestination = spanDestinationOf(mirrors);
        for (const [n, { still }] of judged(spanDestination, steps).entries()) {
          const since = steps.slice(0, n + 1).findLastIndex(copied) + 1;
          const quiet = steps.slice(since, n + 1);
          const telling = quiet.filter((step) => spanDestination.mirrors.some((mirror) => busy(step, mirror)));
          const ports = spanDestination.mirrors.filter((mirror) => quiet.some((step) => busy(step, mirror)));
          const expected = telling.length < enoughPolls ? [] : ports.map(({ port }) => port);
          expect(still.map(({ port }) => port)).toEqual(expected);
        }
      }),
    ));

  const source = { index: 2, state: 1 } as const;
  const spanDestination = spanDestinationOf([source]);
  const traffic: Step = [
    [0, 0],
    [0, 0],
    [enoughPackets, enoughPackets],
    [0, 0],
    [0, 0],
  ];
  const last = (steps: readonly Step[]): WatchedSpanDestination => {
    const found = judged(spanDestination, steps).at(-1);
    if (!found) throw new Error('there are no steps');
    return found;
  };
  const still = last(Array.from({ length: enoughPolls }, () => traffic));

  it('name the port, the direction and the interface that counts nothing', () => {
    expect(still.still).toEqual([
      {
        port: 'p2',
        state: 1,
        reason: 'VPP receives packets by the interface of port p2, and loop1, to which it is mirrored, counts none',
      },
    ]);
  });

  it('are nothing to speak of while VPP shows not all of it, or something is mirrored otherwise than before', () => {
    const counts = new Map(still.counts);
    const much = { rxPackets: 10_000, txPackets: 10_000 };
    const more = new Map([...counts, [2, much], [3, { rxPackets: 0, txPackets: 0 }]]);
    expect(judgeCopies(still, spanDestination, more)?.still).toHaveLength(1);
    for (const other of [
      { ...spanDestination, index: 3 },
      spanDestinationOf([{ ...source, state: 3 }]),
      spanDestinationOf([source, { index: 3, state: 1 }]),
    ])
      expect(judgeCopies(still, other, more)).toMatchObject({ still: [], polls: 0 });
    counts.delete(2);
    expect(judgeCopies(still, spanDestination, counts)).toBe(null);
  });

  it('are nothing to speak of when somebody has cleared counters', () => {
    const zeros = new Map([...still.counts].map(([index]) => [index, { rxPackets: 0, txPackets: 0 }]));
    expect(judgeCopies(still, spanDestination, zeros)).toMatchObject({ still: [], polls: 0 });
  });
});
