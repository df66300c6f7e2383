import { readFile, stat, writeFile } from 'node:fs/promises';
import { type CapturedFrame, CaptureError, type ReportSkipped } from './capture-error.js';
import { decodePcap, isPcap } from './pcap-read.js';
import { encodePcap } from './pcap-write.js';
import { decodePcapng, isPcapng } from './pcapng-read.js';

/** The largest capture file read whole, unless told otherwise. */
export const MAX_CAPTURE_BYTES = 512 * 1024 * 1024;

/**
 * The frames of a capture held in memory, classic pcap or pcapng.
 * @param report told of what is left out though it may hold packets
 * @throws CaptureError as the two decoders do
 */
export function decodeCapture(bytes: Uint8Array, file: string, report?: ReportSkipped): CapturedFrame[] {
  if (isPcap(bytes)) return decodePcap(bytes, file);
  if (isPcapng(bytes)) return decodePcapng(bytes, file, report);
  throw new CaptureError(file, 0, bytes.length === 0 ? 'the file is empty' : 'neither a pcap nor a pcapng file');
}

/**
 * Reads a capture file, classic pcap or pcapng.
 * @param report told of what is left out though it may hold packets
 * @throws CaptureError when it cannot be read, is larger than `maxBytes`, or is not a whole capture of Ethernet frames.
 */
export async function readCapture(
  file: string,
  maxBytes = MAX_CAPTURE_BYTES,
  report?: ReportSkipped,
): Promise<CapturedFrame[]> {
  const bytes = await contents(file, maxBytes);
  return decodeCapture(bytes, file, report);
}

async function contents(file: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes)
      throw new CaptureError(file, maxBytes, `the file has ${size} bytes, more than ${maxBytes}; split it first`);
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof CaptureError) throw cause;
    throw new CaptureError(file, 0, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

/** Writes a capture file (classic pcap, nanoseconds) that Wireshark and tcpdump open. */
export async function writeCapture(file: string, frames: Iterable<CapturedFrame>): Promise<void> {
  await writeFile(file, encodePcap(frames));
}
