import { type CapturedFrame, CaptureError, MAX_CAPTURED_FRAME, plainBytes } from './capture-error.js';

const MICROSECOND_MAGIC = 0xa1b2c3d4;
const NANOSECOND_MAGIC = 0xa1b23c4d;

/** Whether the first four bytes are those of a classic pcap, in either byte order. */
export function isPcap(bytes: Uint8Array): boolean {
  return pcapFlavour(bytes) !== undefined;
}

function pcapFlavour(bytes: Uint8Array): { littleEndian: boolean; nsPerTick: bigint } | undefined {
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MICROSECOND_MAGIC) return { littleEndian, nsPerTick: 1000n };
    if (magic === NANOSECOND_MAGIC) return { littleEndian, nsPerTick: 1n };
  }
  return undefined;
}

/**
 * The frames of a classic pcap (either byte order, microseconds or nanoseconds).
 * @param file the name that errors carry
 * @throws CaptureError when it is not one, is not of Ethernet, is cut short, or holds a frame that was cut or is too big.
 */
export function decodePcap(given: Uint8Array, file: string): CapturedFrame[] {
  const bytes = plainBytes(given);
  const flavour = pcapFlavour(bytes);
  if (flavour === undefined) throw new CaptureError(file, 0, 'not a pcap file (unknown magic number)');
  if (bytes.length < 24) throw new CaptureError(file, bytes.length, 'the file header is cut short (24 bytes expected)');
  const { littleEndian, nsPerTick } = flavour;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { linkType, fcsBytes } = linkTypeField(view.getUint32(20, littleEndian));
  if (linkType !== 1) throw new CaptureError(file, 20, `link type ${linkType} is not Ethernet (1)`);
  const frames: CapturedFrame[] = [];
  let offset = 24;
  while (offset < bytes.length) {
    if (offset + 16 > bytes.length) throw new CaptureError(file, offset, 'a record header is cut short');
    const seconds = view.getUint32(offset, littleEndian);
    const ticks = view.getUint32(offset + 4, littleEndian);
    const captured = view.getUint32(offset + 8, littleEndian);
    const original = view.getUint32(offset + 12, littleEndian);
    const sizes = { captured, original, fcsBytes, left: bytes.length - offset - 16 };
    const length = frameLength(file, offset + 8, sizes);
    frames.push({
      timeNs: BigInt(seconds) * 1_000_000_000n + BigInt(ticks) * nsPerTick,
      frame: bytes.slice(offset + 16, offset + 16 + length),
    });
    offset += 16 + captured;
  }
  return frames;
}

/**
 * The file header's last word: the link type in the lower 26 bits; bit 26 says that the upper four tell the length of the
 * frame check sequence, in 16-bit words (libpcap's pcap-common.c).
 */
function linkTypeField(word: number): { readonly linkType: number; readonly fcsBytes: number } {
  const isFcsTold = (word & 0x04000000) !== 0;
  return { linkType: word & 0x03ffffff, fcsBytes: isFcsTold ? (word >>> 28) * 2 : 0 };
}

/** What a capture says of one frame, in bytes. */
export interface FrameSizes {
  /** Stored in the file. */
  readonly captured: number;
  /** On the wire, with the frame check sequence if there is one. */
  readonly original: number;
  /** Of these, how many at the end are a frame check sequence; 0 if the capture does not say. */
  readonly fcsBytes: number;
  /** What the file has from the frame on. */
  readonly left: number;
}

/**
 * How many of the stored bytes are the frame, without its check sequence. What is stored beyond the length on the wire is
 * no part of it.
 * @throws CaptureError for a frame that is too big, that the capturer cut, or that the file does not hold entirely
 */
export function frameLength(file: string, offset: number, { captured, original, fcsBytes, left }: FrameSizes): number {
  if (captured > MAX_CAPTURED_FRAME)
    throw new CaptureError(file, offset, `a frame of ${captured} bytes is larger than ${MAX_CAPTURED_FRAME}`);
  if (captured > left)
    throw new CaptureError(file, offset, `a frame of ${captured} bytes is cut short: ${left} bytes are left`);
  if (captured > 0 && original <= fcsBytes)
    throw new CaptureError(
      file,
      offset,
      `${captured} bytes are stored of a frame that had ${original} on the wire, ${fcsBytes} of them its check sequence`,
    );
  const length = Math.max(0, original - fcsBytes);
  if (captured < length)
    throw new CaptureError(
      file,
      offset,
      `only ${captured} of a frame's ${original} bytes were captured; capture again without a snap length`,
    );
  return length;
}
