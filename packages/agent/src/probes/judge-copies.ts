import type { SpanState, StillMirror } from '@taas/wiring';

/** What an interface has received (from a VM), and sent. */
export interface Moved {
  readonly rxPackets: number;
  readonly txPackets: number;
}

/** An interface of ours with the ports that are mirrored to it, and to nothing else of the kind. */
export interface SpanDestination {
  readonly tag: string;
  readonly index: number;
  readonly name: string;
  readonly mirrors: readonly Mirror[];
}
export interface Mirror {
  readonly index: number;
  readonly port: string;
  readonly state: SpanState;
}

/** What is remembered of a SPAN destination from look to look. */
export interface WatchedSpanDestination {
  /** Counters and judgement are of these very mirrors. */
  readonly of: SpanDestination;
  readonly counts: ReadonlyMap<number, Moved>;
  /** Looks in a row that saw traffic of a port and no copy. */
  readonly polls: number;
  /** The directions in which each port had traffic in these polls, by index. */
  readonly busy: ReadonlyMap<number, SpanState>;
  readonly still: readonly StillMirror[];
}

/** A port has traffic if it counts so many packets from one poll to the next. */
export const enoughPackets = 10;
/** So many polls in a row have to see traffic and no copy. */
export const enoughPolls = 3;

/**
 * Judges whether what ports receive and send is copied, from two polls of counters. Only where nothing else can be: an
 * interface that has counted anything at all is taken to work, for all of its ports, since nobody knows whose copies it
 * counted; and whoever had no traffic is not judged. Filters and policers are behind the counter of a loopback.
 * @param before null: not looked at yet
 * @returns null if VPP has not shown all of it
 */
export function judgeCopies(
  before: WatchedSpanDestination | null,
  spanDestination: SpanDestination,
  shown: ReadonlyMap<number, Moved>,
): WatchedSpanDestination | null {
  const counts = new Map<number, Moved>();
  for (const index of [spanDestination.index, ...spanDestination.mirrors.map((mirror) => mirror.index)]) {
    const moved = shown.get(index);
    if (!moved) return null;
    counts.set(index, moved);
  }
  const of = spanDestination;
  const calm: WatchedSpanDestination = { of, counts, polls: 0, busy: new Map(), still: [] };
  if (!before || !isSame(before.of, of)) return calm;
  const gain = (index: number, what: keyof Moved): number =>
    (counts.get(index)?.[what] ?? 0) - (before.counts.get(index)?.[what] ?? 0);
  // Less than before: somebody has cleared counters.
  const isCleared = [...counts.keys()].some((index) => gain(index, 'rxPackets') < 0 || gain(index, 'txPackets') < 0);
  if (isCleared || gain(spanDestination.index, 'txPackets') > 0) return calm;
  const busy = new Map(before.busy);
  let seen = false;
  for (const { index, state } of spanDestination.mirrors) {
    const rx = gain(index, 'rxPackets') >= enoughPackets ? 1 : 0;
    const tx = gain(index, 'txPackets') >= enoughPackets ? 2 : 0;
    const now = (rx | tx) & state;
    if (now === 0) continue;
    seen = true;
    busy.set(index, ((busy.get(index) ?? 0) | now) as SpanState);
  }
  // Without traffic nothing is learned: what was judged before holds.
  if (!seen) return { ...before, counts };
  const polls = before.polls + 1;
  return { of, counts, polls, busy, still: polls < enoughPolls ? [] : stillMirrors(spanDestination, busy) };
}

function isSame(before: SpanDestination, now: SpanDestination): boolean {
  if (before === now) return true;
  const of = ({ tag, index, mirrors }: SpanDestination) => JSON.stringify([tag, index, mirrors]);
  return of(before) === of(now);
}

function stillMirrors({ name, mirrors }: SpanDestination, busy: ReadonlyMap<number, SpanState>): StillMirror[] {
  return mirrors.flatMap(({ index, port }) => {
    const state = busy.get(index);
    if (state === undefined) return [];
    const way = state === 3 ? 'receives and sends' : state === 1 ? 'receives' : 'sends';
    const reason = `VPP ${way} packets by the interface of port ${port}, and ${name}, to which it is mirrored, counts none`;
    return [{ port, state, reason }];
  });
}
