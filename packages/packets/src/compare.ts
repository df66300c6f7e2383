/** How the frames that arrived differ from those that should have; each list holds one element per frame too many or few. */
export interface FrameComparison {
  /** Expected frames that arrived, each counted as often as expected at most. */
  readonly matched: number;
  /** Expected frames that did not arrive. */
  readonly lost: Uint8Array[];
  /** Arrivals of an expected frame beyond the times it was expected. */
  readonly duplicated: Uint8Array[];
  /** Arrivals that nobody expected. */
  readonly foreign: Uint8Array[];
}

/** Compares two lists of frames as multisets: the order does not matter, every byte of a frame does. */
export function compareFrames(expected: Iterable<Uint8Array>, actual: Iterable<Uint8Array>): FrameComparison {
  const wanted = new Map<string, { frame: Uint8Array; left: number }>();
  for (const frame of expected) {
    const key = frameKey(frame);
    const entry = wanted.get(key);
    if (entry === undefined) wanted.set(key, { frame, left: 1 });
    else entry.left += 1;
  }
  const result = { matched: 0, lost: [] as Uint8Array[], duplicated: [] as Uint8Array[], foreign: [] as Uint8Array[] };
  for (const frame of actual) {
    const entry = wanted.get(frameKey(frame));
    if (entry === undefined) result.foreign.push(frame);
    else if (entry.left === 0) result.duplicated.push(frame);
    else {
      entry.left -= 1;
      result.matched += 1;
    }
  }
  for (const { frame, left } of wanted.values()) for (let i = 0; i < left; i += 1) result.lost.push(frame);
  return result;
}

function frameKey(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('latin1');
}
