/** Buffers for packets of one VPP. */
export interface BuffersSeen {
  readonly all: number;
  /** The most that was in use at one reading, in tenths of all, rounded up. */
  readonly peakTenths: number;
}

/** What is known after one more reading. @param before null: this is the first of this VPP */
export function buffersSeen(
  before: BuffersSeen | null,
  available: number | undefined,
  used: number | undefined,
): BuffersSeen | null {
  if (available === undefined || used === undefined || available + used <= 0) return before;
  const all = available + used;
  const tenths = Math.min(10, Math.ceil((10 * used) / all));
  return { all, peakTenths: Math.max(before?.peakTenths ?? 0, tenths) };
}
