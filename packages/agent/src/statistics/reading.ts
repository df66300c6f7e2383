import { type CounterName, counterNames, eachCounter } from '../vpp/interface-counters.js';

/** What an interface has counted since it was made, or since somebody cleared its counters: 64 bits. */
export type Counted = Readonly<Record<CounterName, bigint>>;

/** What a policer has counted: packets and bytes that it let pass, and that it dropped. */
export interface Policed {
  readonly passedPackets: bigint;
  readonly passedBytes: bigint;
  readonly droppedPackets: bigint;
  readonly droppedBytes: bigint;
}

/** VPP's counters at one moment, or nearly so: within the time that one reading takes. */
export interface Reading {
  /** Which run of VPP has counted; null: it cannot be told. */
  readonly boot: string | null;
  /** Undefined: VPP has not shown it. */
  readonly counted: (index: number) => Counted | undefined;
  /** What a policer of this name has dropped. */
  readonly policed: (policer: { readonly name: string; readonly index: number }) => Policed | undefined;
}

/** What interfaces have received and sent, as far as VPP has shown them: for who compares, not for who adds up. */
export function movedOf(
  { counted }: Pick<Reading, 'counted'>,
  indices: readonly number[],
): Map<number, { readonly rxPackets: number; readonly txPackets: number }> {
  return new Map(
    indices.flatMap((index) => {
      const found = counted(index);
      if (!found) return [];
      return [[index, { rxPackets: Number(found.rxPackets), txPackets: Number(found.txPackets) }] as const];
    }),
  );
}

export const nothingCounted: Counted = eachCounter(() => 0n);

/**
 * What was counted between two readings of one interface. Less than before: it was cleared in between, and all that it counts now
 * was counted since. A clear after which more was counted than before it is not noticed: too little is told then, never too much.
 */
export function gained(before: Counted, now: Counted): Counted {
  if (counterNames.every((name) => now[name] === before[name])) return nothingCounted;
  return grown(counterNames, before, now) ? eachCounter((name) => now[name] - before[name]) : now;
}

/** As {@link gained}, of one policer. */
export function gainedPoliced(before: Policed, now: Policed): Policed {
  if (!grown(['passedPackets', 'passedBytes', 'droppedPackets', 'droppedBytes'], before, now)) return now;
  return {
    passedPackets: now.passedPackets - before.passedPackets,
    passedBytes: now.passedBytes - before.passedBytes,
    droppedPackets: now.droppedPackets - before.droppedPackets,
    droppedBytes: now.droppedBytes - before.droppedBytes,
  };
}

function grown<N extends string>(
  names: readonly N[],
  before: Readonly<Record<N, bigint>>,
  now: Readonly<Record<N, bigint>>,
): boolean {
  return names.every((name) => now[name] >= before[name]);
}
