import { CaptureError } from './capture-error.js';

/** One option of a block: where its value is in the file, and how long. */
export interface BlockOption {
  readonly code: number;
  readonly at: number;
  readonly size: number;
}

/**
 * The options between two offsets of a pcapng file, up to the end-of-options mark if there is one.
 * @throws CaptureError for one that reaches over the end
 */
export function* optionsOf(
  { file, view, littleEndian }: { readonly file: string; readonly view: DataView; readonly littleEndian: boolean },
  from: number,
  end: number,
): Generator<BlockOption> {
  for (let at = from; at + 4 <= end; ) {
    const code = view.getUint16(at, littleEndian);
    const size = view.getUint16(at + 2, littleEndian);
    if (code === 0) return;
    if (at + 4 + size > end) throw new CaptureError(file, at, "a block's option is cut short");
    yield { code, at: at + 4, size };
    at += 4 + 4 * Math.ceil(size / 4);
  }
}

/**
 * if_fcslen, in bytes. The format's description says bits, Wireshark writes and reads bytes: no check sequence of Ethernet
 * has 8 bytes or more, nor fewer than 8 bits.
 */
export const fcsBytesOfInterface = (value: number): number => (value >= 8 ? value >>> 3 : value);

/** Bits 5 to 8 of a packet's flags: the length in bytes; null if they say nothing. */
export function fcsBytesOfFlags(flags: number): number | null {
  const length = (flags >>> 5) & 0xf;
  return length === 0 ? null : length;
}
