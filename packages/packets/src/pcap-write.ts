import type { CapturedFrame } from './capture-error.js';

/** How fine a capture's times are. Microseconds is the older form, and the only one that some readers know (VPP's). */
export type PcapResolution = 'us' | 'ns';

const magics: Record<PcapResolution, number> = { us: 0xa1b2c3d4, ns: 0xa1b23c4d };
const LINKTYPE_ETHERNET = 1;

/** The file header of a classic pcap, little-endian, Ethernet. */
export function pcapHeader(resolution: PcapResolution = 'ns'): Uint8Array {
  const header = new Uint8Array(24);
  const view = new DataView(header.buffer);
  view.setUint32(0, magics[resolution], true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 262_144, true);
  view.setUint32(20, LINKTYPE_ETHERNET, true);
  return header;
}

/** One frame with its record header, to be appended behind a `pcapHeader` of the same resolution. */
export function pcapRecord(captured: CapturedFrame, resolution: PcapResolution = 'ns'): Uint8Array {
  const record = new Uint8Array(16 + captured.frame.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, Number(captured.timeNs / 1_000_000_000n), true);
  const fraction = Number(captured.timeNs % 1_000_000_000n);
  view.setUint32(4, resolution === 'ns' ? fraction : Math.floor(fraction / 1_000), true);
  view.setUint32(8, captured.frame.length, true);
  view.setUint32(12, captured.frame.length, true);
  record.set(captured.frame, 16);
  return record;
}

/** A whole capture file. */
export function encodePcap(frames: Iterable<CapturedFrame>, resolution: PcapResolution = 'ns'): Uint8Array {
  return Buffer.concat([pcapHeader(resolution), ...Array.from(frames, (frame) => pcapRecord(frame, resolution))]);
}
