// A writer of pcapng (draft-ietf-opsawg-pcapng), little-endian, Ethernet, nanoseconds. Each function gives one whole block, so that a
// capture can be sent as it comes: a section, its interfaces, then packets and statistics in any order.

/** Of a packet: towards the interface's owner (`inbound`), or from it. */
export type PcapngDirection = 'inbound' | 'outbound';

export interface PcapngSection {
  /** For whoever reads the file: who made it, and why. */
  readonly comment: string;
  /** The program that writes it. */
  readonly application: string;
}

export interface PcapngInterface {
  readonly name: string;
  readonly description: string;
  /** Bytes of each frame that are kept at most; 0 for all. */
  readonly snapLength: number;
  /** The filter expression that frames have passed. */
  readonly filter?: string;
}

export interface PcapngPacket {
  /** In the order in which the interfaces were described, from 0. */
  readonly interface: number;
  /** Since the epoch. */
  readonly timeNs: bigint;
  /** What was kept of the frame. */
  readonly frame: Uint8Array;
  /** Bytes that the frame had. */
  readonly length: number;
  readonly direction: PcapngDirection;
  /** Frames of the interface that were lost between its packet before and this one. */
  readonly dropped: bigint;
}

/** What an interface has counted since the capture began. */
export interface PcapngStatistics {
  readonly interface: number;
  /** When it was counted; and when the counting began, and (once it has) ended. Since the epoch. */
  readonly timeNs: bigint;
  readonly startNs: bigint;
  readonly endNs?: bigint;
  /** Frames that came for it, those that were dropped included. */
  readonly received: bigint;
  /** Of those, frames that were dropped before they were written. */
  readonly dropped: bigint;
  /** Of those received, frames that the filter let through. */
  readonly accepted?: bigint;
  /** Frames that were written. */
  readonly delivered: bigint;
  /** What cannot be told by these numbers. */
  readonly comment?: string;
}

const ethernet = 1;
const nanoseconds = 9;
const directions: Readonly<Record<PcapngDirection, number>> = { inbound: 1, outbound: 2 };

/** The beginning of a file. Its length is not known beforehand, and says so. */
export function pcapngSection({ comment, application }: PcapngSection): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(16));
  fixed.setUint32(0, 0x1a2b3c4d, true);
  fixed.setUint16(4, 1, true);
  fixed.setBigInt64(8, -1n, true);
  return block(0x0a0d0d0a, [bytesOf(fixed), text(1, comment), text(4, application)]);
}

export function pcapngInterface({ name, description, snapLength, filter }: PcapngInterface): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(8));
  fixed.setUint16(0, ethernet, true);
  fixed.setUint32(4, snapLength, true);
  const resolution = option(9, Uint8Array.of(nanoseconds));
  // Its first byte says that it is libpcap's language.
  const filters = filter === undefined ? [] : [text(11, `\0${filter}`)];
  return block(1, [bytesOf(fixed), text(2, name), text(3, description), resolution, ...filters]);
}

/** In one piece: tens of thousands may come in a second. */
export function pcapngPacket({ interface: of, timeNs, frame, length, direction, dropped }: PcapngPacket): Uint8Array {
  const end = 28 + 4 * Math.ceil(frame.length / 4);
  const size = end + 8 + (dropped > 0n ? 12 : 0) + 8;
  const block = Buffer.allocUnsafe(size);
  block.writeUInt32LE(6, 0);
  block.writeUInt32LE(size, 4);
  block.writeUInt32LE(of, 8);
  block.writeUInt32LE(Number(timeNs >> 32n) >>> 0, 12);
  block.writeUInt32LE(Number(timeNs & 0xffffffffn), 16);
  block.writeUInt32LE(frame.length, 20);
  block.writeUInt32LE(length, 24);
  block.set(frame, 28);
  block.fill(0, 28 + frame.length, end);
  // The options: flags of the packet, how many were dropped before, and the mark at the end.
  block.writeUInt32LE(0x0004_0002, end);
  block.writeUInt32LE(directions[direction], end + 4);
  if (dropped > 0n) {
    block.writeUInt32LE(0x0008_0004, end + 8);
    block.writeBigUInt64LE(dropped, end + 12);
  }
  block.writeUInt32LE(0, size - 8);
  block.writeUInt32LE(size, size - 4);
  return new Uint8Array(block.buffer, block.byteOffset, size);
}

export function pcapngStatistics(counted: PcapngStatistics): Uint8Array {
  const fixed = new DataView(new ArrayBuffer(12));
  fixed.setUint32(0, counted.interface, true);
  setTime(fixed, 4, counted.timeNs);
  const times = [
    timeOption(2, counted.startNs),
    ...(counted.endNs === undefined ? [] : [timeOption(3, counted.endNs)]),
  ];
  const counters = [
    counter(4, counted.received),
    counter(5, counted.dropped),
    ...(counted.accepted === undefined ? [] : [counter(6, counted.accepted)]),
    counter(8, counted.delivered),
  ];
  const comment = counted.comment === undefined ? [] : [text(1, counted.comment)];
  return block(5, [bytesOf(fixed), ...comment, ...times, ...counters]);
}

/** With the mark at the end of its options: every block here has some. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0) + 4 + 12;
  const whole = new Uint8Array(length);
  const view = new DataView(whole.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  let at = 8;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  view.setUint32(length - 4, length, true);
  return whole;
}

/** @throws RangeError for a value longer than the format has room for */
function option(code: number, value: Uint8Array): Uint8Array {
  if (value.length > 0xffff) throw new RangeError(`an option of pcapng has ${value.length} bytes, more than 65535`);
  const head = new DataView(new ArrayBuffer(4));
  head.setUint16(0, code, true);
  head.setUint16(2, value.length, true);
  return Buffer.concat([bytesOf(head), padded(value)]);
}

const text = (code: number, value: string): Uint8Array => option(code, new TextEncoder().encode(value));

function counter(code: number, value: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value, true);
  return option(code, bytesOf(view));
}

function timeOption(code: number, timeNs: bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  setTime(view, 0, timeNs);
  return option(code, bytesOf(view));
}

/** Times are two words, the higher one first, whatever the order of bytes. */
function setTime(view: DataView, at: number, timeNs: bigint): void {
  view.setUint32(at, Number((timeNs >> 32n) & 0xffffffffn), true);
  view.setUint32(at + 4, Number(timeNs & 0xffffffffn), true);
}

function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes;
  const whole = new Uint8Array(4 * Math.ceil(bytes.length / 4));
  whole.set(bytes);
  return whole;
}

const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
