import type { CapturedFrame } from './capture-error.js';

const NANOSECOND_MAGIC = 0xa1b23c4d;
const LINKTYPE_ETHERNET = 1;

/** The file header of a classic pcap with nanosecond times, little-endian, Ethernet. */
export function pcapHeader(): Uint8Array {
  const header = new Uint8Array(24);
  const view = new DataView(header.buffer);
  view.setUint32(0, NANOSECOND_MAGIC, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 262_144, true);
  view.setUint32(20, LINKTYPE_ETHERNET, true);
  return header;
}

/** One frame with its record header, to be appended behind `pcapHeader()`. */
export function pcapRecord(captured: CapturedFrame): Uint8Array {
  const record = new Uint8Array(16 + captured.frame.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, Number(captured.timeNs / 1_000_000_000n), true);
  view.setUint32(4, Number(captured.timeNs % 1_000_000_000n), true);
  view.setUint32(8, captured.frame.length, true);
  view.setUint32(12, captured.frame.length, true);
  record.set(captured.frame, 16);
  return record;
}

/** A whole capture file. */
export function encodePcap(frames: Iterable<CapturedFrame>): Uint8Array {
  return Buffer.concat([pcapHeader(), ...Array.from(frames, pcapRecord)]);
}
