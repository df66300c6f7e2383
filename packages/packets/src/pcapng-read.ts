import { type CapturedFrame, CaptureError, plainBytes } from './capture-error.js';
import { checkFrameSize } from './pcap-read.js';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION_TIME_RESOLUTION = 9;
const MAX_BLOCK = 16 * 1024 * 1024;

/** Whether the first four bytes start a pcapng section. */
export function isPcapng(bytes: Uint8Array): boolean {
  return (
    bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0) === SECTION_HEADER
  );
}

interface CapturedInterface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly ticksPerSecond: bigint;
}

/** The part of the file being read, with what its section and interfaces said. */
interface Reader {
  readonly file: string;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  littleEndian: boolean;
  interfaces: CapturedInterface[];
}

/**
 * The frames of a pcapng file: enhanced and simple packet blocks of Ethernet interfaces; other blocks are skipped.
 * @param file the name that errors carry
 * @throws CaptureError when it is not one, is not of Ethernet, is cut short, or holds a frame that was cut or is too big.
 */
export function decodePcapng(given: Uint8Array, file: string): CapturedFrame[] {
  const bytes = plainBytes(given);
  if (!isPcapng(bytes)) throw new CaptureError(file, 0, 'not a pcapng file (no section header)');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader: Reader = { file, view, bytes, littleEndian: true, interfaces: [] };
  const frames: CapturedFrame[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const length = blockLength(reader, offset);
    const type = view.getUint32(offset, reader.littleEndian);
    if (type === SECTION_HEADER) reader.interfaces = [];
    else if (type === INTERFACE_DESCRIPTION) reader.interfaces.push(readInterface(reader, offset, length));
    else if (type === ENHANCED_PACKET) frames.push(readEnhanced(reader, offset, length));
    else if (type === SIMPLE_PACKET) frames.push(readSimple(reader, offset, length));
    offset += length;
  }
  return frames;
}

function blockLength(reader: Reader, offset: number): number {
  const { file, view, bytes } = reader;
  if (offset + 12 > bytes.length) throw new CaptureError(file, offset, 'a block header is cut short');
  if (view.getUint32(offset) === SECTION_HEADER) reader.littleEndian = sectionOrder(reader, offset);
  const length = view.getUint32(offset + 4, reader.littleEndian);
  if (length < 12 || length % 4 !== 0 || length > MAX_BLOCK)
    throw new CaptureError(file, offset + 4, `a block of ${length} bytes is not possible`);
  if (offset + length > bytes.length)
    throw new CaptureError(
      file,
      offset,
      `a block of ${length} bytes is cut short: ${bytes.length - offset} bytes are left`,
    );
  if (view.getUint32(offset + length - 4, reader.littleEndian) !== length)
    throw new CaptureError(file, offset + length - 4, "a block's two lengths differ");
  return length;
}

function sectionOrder(reader: Reader, offset: number): boolean {
  if (reader.view.getUint32(offset + 8, true) === BYTE_ORDER_MAGIC) return true;
  if (reader.view.getUint32(offset + 8, false) === BYTE_ORDER_MAGIC) return false;
  throw new CaptureError(reader.file, offset + 8, 'the byte-order magic of a section is wrong');
}

function readInterface(reader: Reader, offset: number, length: number): CapturedInterface {
  const { file, view, littleEndian } = reader;
  if (length < 20) throw new CaptureError(file, offset, 'an interface description is cut short');
  const linkType = view.getUint16(offset + 8, littleEndian);
  const snapLength = view.getUint32(offset + 12, littleEndian);
  let ticksPerSecond = 1_000_000n;
  const end = offset + length - 4;
  for (let at = offset + 16; at + 4 <= end; ) {
    const code = view.getUint16(at, littleEndian);
    const size = view.getUint16(at + 2, littleEndian);
    if (code === 0) break;
    if (at + 4 + size > end) throw new CaptureError(file, at, "an interface's option is cut short");
    if (code === OPTION_TIME_RESOLUTION && size >= 1) ticksPerSecond = resolution(view.getUint8(at + 4));
    at += 4 + 4 * Math.ceil(size / 4);
  }
  return { linkType, snapLength, ticksPerSecond };
}

/** if_tsresol: a power of ten, or of two with the top bit set. */
function resolution(value: number): bigint {
  return value & 0x80 ? 2n ** BigInt(value & 0x7f) : 10n ** BigInt(value);
}

function readEnhanced(reader: Reader, offset: number, length: number): CapturedFrame {
  const { file, view, bytes, littleEndian } = reader;
  if (length < 32) throw new CaptureError(file, offset, 'a packet block is cut short');
  const origin = ethernetInterface(reader, offset + 8, view.getUint32(offset + 8, littleEndian));
  const ticks =
    (BigInt(view.getUint32(offset + 12, littleEndian)) << 32n) | BigInt(view.getUint32(offset + 16, littleEndian));
  const captured = view.getUint32(offset + 20, littleEndian);
  checkFrameSize(file, offset + 20, captured, view.getUint32(offset + 24, littleEndian), length - 32);
  return {
    timeNs: (ticks * 1_000_000_000n) / origin.ticksPerSecond,
    frame: bytes.slice(offset + 28, offset + 28 + captured),
  };
}

function readSimple(reader: Reader, offset: number, length: number): CapturedFrame {
  const { file, view, bytes, littleEndian } = reader;
  if (length < 16) throw new CaptureError(file, offset, 'a simple packet block is cut short');
  const origin = ethernetInterface(reader, offset + 8, 0);
  const original = view.getUint32(offset + 8, littleEndian);
  const captured = origin.snapLength === 0 ? original : Math.min(original, origin.snapLength);
  checkFrameSize(file, offset + 8, captured, original, length - 16);
  return { timeNs: 0n, frame: bytes.slice(offset + 12, offset + 12 + captured) };
}

function ethernetInterface(reader: Reader, offset: number, index: number): CapturedInterface {
  const found = reader.interfaces[index];
  if (found === undefined)
    throw new CaptureError(reader.file, offset, `a packet names interface ${index}, which was not described`);
  if (found.linkType !== 1)
    throw new CaptureError(reader.file, offset, `link type ${found.linkType} is not Ethernet (1)`);
  return found;
}
