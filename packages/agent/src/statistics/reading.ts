/** What an interface has counted since it was made, or since somebody cleared its counters: 64 bits. */
export interface Counted {
  readonly rxPackets: bigint;
  readonly rxBytes: bigint;
  readonly txPackets: bigint;
  readonly txBytes: bigint;
  /** Frames that came in by it and went nowhere. */
  readonly drops: bigint;
  /** Frames that could not be sent by it. */
  readonly txErrors: bigint;
}

/** What a policer has counted: packets and bytes that it let pass, and that it dropped. */
export interface Policed {
  readonly passedPackets: bigint;
  readonly passedBytes: bigint;
  readonly packets: bigint;
  readonly bytes: bigint;
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

export const nothingCounted: Counted = {
  rxPackets: 0n,
  rxBytes: 0n,
  txPackets: 0n,
  txBytes: 0n,
  drops: 0n,
  txErrors: 0n,
};
const names = ['rxPackets', 'rxBytes', 'txPackets', 'txBytes', 'drops', 'txErrors'] as const;

/**
 * What was counted between two readings of one interface. Less than before: it was cleared in between, and all that it counts now
 * was counted since. A clear after which more was counted than before it is not noticed: too little is told then, never too much.
 */
export function gained(before: Counted, now: Counted): Counted {
  if (names.some((name) => now[name] < before[name])) return now;
  return {
    rxPackets: now.rxPackets - before.rxPackets,
    rxBytes: now.rxBytes - before.rxBytes,
    txPackets: now.txPackets - before.txPackets,
    txBytes: now.txBytes - before.txBytes,
    drops: now.drops - before.drops,
    txErrors: now.txErrors - before.txErrors,
  };
}
