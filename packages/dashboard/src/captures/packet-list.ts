import { isFields } from '../api/ask.js';

/** A packet in words, as the server tells it. */
export interface PacketLine {
  /** Its number in the file. */
  readonly n: number;
  /** In ms since 1970. */
  readonly at: number;
  readonly interface: string;
  readonly length: number;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly info: string;
}

export interface PacketList {
  /** The latest last. */
  readonly packets: readonly PacketLine[];
  /** That came and were not shown. */
  readonly unshown: number;
}

export const noPackets: PacketList = { packets: [], unshown: 0 };

/** That the page draws at most. */
export const mostLines = 200;

/** What is known after an event; a stream that begins anew tells some again. */
export function withPackets(before: PacketList, data: string): PacketList {
  const read: unknown = JSON.parse(data);
  if (!isFields(read) || !Array.isArray(read['packets'])) return before;
  const last = before.packets.at(-1)?.n ?? 0;
  const fresh = (read['packets'] as readonly PacketLine[]).filter(({ n }) => n > last);
  const unshown = Number(read['unshown'] ?? 0);
  return { packets: [...before.packets, ...fresh].slice(-mostLines), unshown };
}
