/** Counters by index, of packets alone: `/if/drops`, `/if/tx-error`, `/err/...`. 64 bits each, summed over VPP's threads. */
export class SimpleCounters {
  readonly type = 'simple';
  /** @param threads what each of VPP's threads has counted, by index; not all need be equally long */
  constructor(private readonly threads: readonly Buffer[]) {}

  /** Indices that VPP has counters for: the largest interface index that was ever used, and one. */
  get length(): number {
    return lengthOf(this.threads, 8);
  }

  /** Zero for an index that is beyond. */
  count(index: number): bigint {
    return sumAt(this.threads, 8 * index);
  }
}

/** Counters of packets and bytes by index: `/if/rx`, `/if/tx`, `/net/policer/conform`. 64 bits each, summed over VPP's threads. */
export class CombinedCounters {
  readonly type = 'combined';
  constructor(private readonly threads: readonly Buffer[]) {}

  get length(): number {
    return lengthOf(this.threads, 16);
  }

  /** Zero for an index that is beyond. */
  packets(index: number): bigint {
    return sumAt(this.threads, 16 * index);
  }

  bytes(index: number): bigint {
    return sumAt(this.threads, 16 * index + 8);
  }
}

/** One number: `/sys/boottime`, `/buffer-pools/default-numa-0/available`. */
export interface Scalar {
  readonly type: 'scalar';
  /** The 64 bits as they are; VPP means a float by those of `/sys/vector_rate`. */
  readonly value: bigint;
}

export type StatsValue = SimpleCounters | CombinedCounters | Scalar;

function lengthOf(threads: readonly Buffer[], bytes: number): number {
  return threads.reduce((most, each) => Math.max(most, each.length / bytes), 0);
}

function sumAt(threads: readonly Buffer[], at: number): bigint {
  let sum = 0n;
  for (const each of threads) if (at + 8 <= each.length) sum += each.readBigUInt64LE(at);
  return BigInt.asUintN(64, sum);
}
