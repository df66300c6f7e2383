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
  const linkType = view.getUint32(20, littleEndian) & 0x0fffffff;
  if (linkType !== 1) throw new CaptureError(file, 20, `link type ${linkType} is not Ethernet (1)`);
  const frames: CapturedFrame[] = [];
  let offset = 24;
  while (offset < bytes.length) {
    if (offset + 16 > bytes.length) throw new CaptureError(file, offset, 'a record header is cut short');
    const seconds = view.getUint32(offset, littleEndian);
    const ticks = view.getUint32(offset + 4, littleEndian);
    const captured = view.getUint32(offset + 8, littleEndian);
    const original = view.getUint32(offset + 12, littleEndian);
    checkFrameSize(file, offset + 8, captured, original, bytes.length - offset - 16);
    frames.push({
      timeNs: BigInt(seconds) * 1_000_000_000n + BigInt(ticks) * nsPerTick,
      frame: bytes.slice(offset + 16, offset + 16 + captured),
    });
    offset += 16 + captured;
  }
  return frames;
}

/** Refuses a frame that is too big, that the capturer cut, or that the file does not hold entirely. */
export function checkFrameSize(file: string, offset: number, captured: number, original: number, left: number): void {
  if (captured > MAX_CAPTURED_FRAME)
    throw new CaptureError(file, offset, `a frame of ${captured} bytes is larger than ${MAX_CAPTURED_FRAME}`);
  if (captured < original)
    throw new CaptureError(
      file,
      offset,
      `only ${captured} of a frame's ${original} bytes were captured; capture again without a snap length`,
    );
  if (captured > left)
    throw new CaptureError(file, offset, `a frame of ${captured} bytes is cut short: ${left} bytes are left`);
}
