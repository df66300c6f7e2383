/** Buffers for packets of one VPP. */
export interface BuffersSeen {
  readonly all: number;
  /** The most that was in use at one reading, in tenths of all, rounded up. */
  readonly peakTenths: number;
}

/** Gauges of VPP's pool: free, in packets, and kept by threads for themselves. They are not of the very same moment. */
export interface BufferGauges {
  readonly available?: number | undefined;
  readonly used?: number | undefined;
  readonly cached?: number | undefined;
}

/** More than any VPP has: `used` is a difference of what is counted one after the other, and may have gone below nothing. */
const mostBuffers = 2 ** 31;

/**
 * What is known after one more reading. What is told changes seldom, since it stands in the agent's record: the number of all is the
 * largest that was seen.
 * @param before null: this is the first of this VPP
 */
export function buffersSeen(
  before: BuffersSeen | null,
  { available, used, cached = 0 }: BufferGauges,
): BuffersSeen | null {
  if (available === undefined || used === undefined || used > mostBuffers) return before;
  const all = Math.max(before?.all ?? 0, available + used + cached);
  if (all <= 0) return before;
  const tenths = Math.min(10, Math.ceil((10 * used) / all));
  return { all, peakTenths: Math.max(before?.peakTenths ?? 0, tenths) };
}
