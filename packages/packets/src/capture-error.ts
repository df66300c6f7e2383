/** A capture file that cannot be read: says which file, at which byte, and what is wrong there. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';

  constructor(
    readonly file: string,
    /** Byte offset in the file where the trouble starts. */
    readonly offset: number,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: at byte ${offset}: ${problem}`, options);
  }
}

/** The largest frame a capture may hold: a jumbo frame with room for tags and tunnels, well above any real one. */
export const MAX_CAPTURED_FRAME = 262_144;

/** One frame of a capture, with its time in nanoseconds since the epoch. */
export interface CapturedFrame {
  readonly timeNs: bigint;
  readonly frame: Uint8Array;
}

/** The same bytes as a plain array, whose `slice` copies: a Buffer's would go on to share the whole file. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A part of a capture that was left out though it may hold what matters. */
export interface SkippedPart {
  readonly file: string;
  /** Byte offset in the file. */
  readonly offset: number;
  readonly what: string;
}

export type ReportSkipped = (part: SkippedPart) => void;
