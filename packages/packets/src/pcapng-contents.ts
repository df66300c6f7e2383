import { CaptureError, plainBytes } from './capture-error.js';
import { optionsOf } from './pcapng-options.js';
import type { PcapngDirection } from './pcapng-write.js';

/** A packet with what its block says besides. */
export interface PcapngPacketRead {
  readonly interface: string;
  readonly direction: PcapngDirection | null;
  /** Frames of the interface that were lost before it. */
  readonly dropped: bigint;
  readonly frame: Uint8Array;
  /** Bytes that the frame had. */
  readonly length: number;
}

/** The numbers of a statistics block; null where it does not have one. */
export interface PcapngStatisticsRead {
  readonly interface: string;
  readonly received: bigint | null;
  readonly dropped: bigint | null;
  readonly delivered: bigint | null;
}

export interface PcapngContents {
  readonly comment: string;
  readonly interfaces: readonly { readonly name: string; readonly description: string }[];
  readonly packets: readonly PcapngPacketRead[];
  readonly statistics: readonly PcapngStatisticsRead[];
}

/**
 * What a little-endian pcapng of one section says, as our own writer makes it.
 * @param file the name that errors carry
 * @throws CaptureError for a block that is cut short, or another kind of file
 */
export function pcapngContents(given: Uint8Array, file: string): PcapngContents {
  const bytes = plainBytes(given);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const interfaces: { name: string; description: string }[] = [];
  const packets: PcapngPacketRead[] = [];
  const statistics: PcapngStatisticsRead[] = [];
  let comment = '';
  for (let offset = 0; offset < bytes.length; ) {
    if (offset + 12 > bytes.length) throw new CaptureError(file, offset, 'a block header is cut short');
    const type = view.getUint32(offset, true);
    const length = view.getUint32(offset + 4, true);
    if (offset === 0 && (type !== 0x0a0d0d0a || view.getUint32(8, true) !== 0x1a2b3c4d))
      throw new CaptureError(file, 0, 'not a little-endian pcapng file');
    if (length < 12 || offset + length > bytes.length) throw new CaptureError(file, offset, 'a block is cut short');
    const options = (from: number) => {
      const found = [...optionsOf({ file, view, littleEndian: true }, offset + from, offset + length - 4)];
      const option = (code: number) => found.find((each) => each.code === code);
      return {
        text: (code: number) => {
          const at = option(code);
          return at ? new TextDecoder().decode(bytes.subarray(at.at, at.at + at.size)) : '';
        },
        word: (code: number) => view.getUint32(option(code)?.at ?? offset, true),
        has: (code: number) => option(code) !== undefined,
        count: (code: number) => {
          const at = option(code);
          return at ? view.getBigUint64(at.at, true) : null;
        },
      };
    };
    const of = () => interfaces[view.getUint32(offset + 8, true)]?.name ?? '';
    if (type === 0x0a0d0d0a) comment = options(24).text(1);
    else if (type === 1) interfaces.push({ name: options(16).text(2), description: options(16).text(3) });
    else if (type === 6) {
      const kept = view.getUint32(offset + 20, true);
      const said = options(28 + 4 * Math.ceil(kept / 4));
      packets.push({
        interface: of(),
        direction: said.has(2) ? directionOf(said.word(2)) : null,
        ...{ dropped: said.count(4) ?? 0n, length: view.getUint32(offset + 24, true) },
        frame: bytes.slice(offset + 28, offset + 28 + kept),
      });
    } else if (type === 5) {
      const said = options(20);
      const counts = { received: said.count(4), dropped: said.count(5), delivered: said.count(8) };
      statistics.push({ interface: of(), ...counts });
    }
    offset += length;
  }
  return { comment, interfaces, packets, statistics };
}

function directionOf(flags: number): PcapngDirection | null {
  const direction = flags & 3;
  if (direction === 0 || direction === 3) return null;
  return direction === 1 ? 'inbound' : 'outbound';
}
