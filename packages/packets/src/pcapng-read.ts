import { type CapturedFrame, CaptureError, plainBytes, type ReportSkipped } from './capture-error.js';
import { frameLength } from './pcap-read.js';
import { blockWithoutFrames } from './pcapng-blocks.js';
import { fcsBytesOfFlags, fcsBytesOfInterface, optionsOf } from './pcapng-options.js';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_FCS_LENGTH = 13;
/** Of a packet: its direction, its kind of reception, and the length of its check sequence. */
const OPTION_FLAGS = 2;
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
  /** Of the frame check sequence at the end of each frame; 0 if there is none or nothing is said of it. */
  readonly fcsBytes: number;
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
 * The frames of a pcapng file: enhanced, simple and (older) packet blocks of Ethernet interfaces.
 * @param file the name that errors carry
 * @param report told of each block that is left out though nobody can say that it holds no packet
 * @throws CaptureError when it is not one, is not of Ethernet, is cut short, holds a frame that was cut or is too big, or
 * a block of an unknown type: that could hold packets.
 */
export function decodePcapng(given: Uint8Array, file: string, report?: ReportSkipped): CapturedFrame[] {
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
    else if (type === ENHANCED_PACKET || type === PACKET) frames.push(readPacket(reader, offset, length, type));
    else if (type === SIMPLE_PACKET) frames.push(readSimple(reader, offset, length));
    else {
      const doubt = blockWithoutFrames(type, file, offset);
      if (doubt !== null) report?.({ file, offset, what: `${doubt} of ${length} bytes` });
    }
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
  let fcsBytes = 0;
  for (const { code, at, size } of optionsOf(reader, offset + 16, offset + length - 4)) {
    if (code === OPTION_TIME_RESOLUTION && size >= 1) ticksPerSecond = resolution(view.getUint8(at));
    if (code === OPTION_FCS_LENGTH && size >= 1) fcsBytes = fcsBytesOfInterface(view.getUint8(at));
  }
  return { linkType, snapLength, ticksPerSecond, fcsBytes };
}

/** if_tsresol: a power of ten, or of two with the top bit set. */
function resolution(value: number): bigint {
  return value & 0x80 ? 2n ** BigInt(value & 0x7f) : 10n ** BigInt(value);
}

/** An enhanced packet block, or the older packet block, which differs in how it names its interface. */
function readPacket(reader: Reader, offset: number, length: number, type: number): CapturedFrame {
  const { file, view, bytes, littleEndian } = reader;
  if (length < 32) throw new CaptureError(file, offset, 'a packet block is cut short');
  const index = type === PACKET ? view.getUint16(offset + 8, littleEndian) : view.getUint32(offset + 8, littleEndian);
  const origin = ethernetInterface(reader, offset + 8, index);
  const ticks =
    (BigInt(view.getUint32(offset + 12, littleEndian)) << 32n) | BigInt(view.getUint32(offset + 16, littleEndian));
  const captured = view.getUint32(offset + 20, littleEndian);
  const original = view.getUint32(offset + 24, littleEndian);
  const left = length - 32;
  let { fcsBytes } = origin;
  // Where the options are is known only of a frame that fits.
  const options =
    captured > left ? [] : optionsOf(reader, offset + 28 + 4 * Math.ceil(captured / 4), offset + length - 4);
  for (const { code, at, size } of options)
    if (code === OPTION_FLAGS && size >= 4) fcsBytes = fcsBytesOfFlags(view.getUint32(at, littleEndian)) ?? fcsBytes;
  const size = frameLength(file, offset + 20, { captured, original, fcsBytes, left });
  return {
    timeNs: (ticks * 1_000_000_000n) / origin.ticksPerSecond,
    frame: bytes.slice(offset + 28, offset + 28 + size),
  };
}

function readSimple(reader: Reader, offset: number, length: number): CapturedFrame {
  const { file, view, bytes, littleEndian } = reader;
  if (length < 16) throw new CaptureError(file, offset, 'a simple packet block is cut short');
  const origin = ethernetInterface(reader, offset + 8, 0);
  const original = view.getUint32(offset + 8, littleEndian);
  const captured = origin.snapLength === 0 ? original : Math.min(original, origin.snapLength);
  const sizes = { captured, original, fcsBytes: origin.fcsBytes, left: length - 16 };
  const size = frameLength(file, offset + 8, sizes);
  return { timeNs: 0n, frame: bytes.slice(offset + 12, offset + 12 + size) };
}

function ethernetInterface(reader: Reader, offset: number, index: number): CapturedInterface {
  const found = reader.interfaces[index];
  if (found === undefined)
    throw new CaptureError(reader.file, offset, `a packet names interface ${index}, which was not described`);
  if (found.linkType !== 1)
    throw new CaptureError(reader.file, offset, `link type ${found.linkType} is not Ethernet (1)`);
  return found;
}
