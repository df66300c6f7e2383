import { type PcapngDirection, pcapngInterface, pcapngPacket, pcapngSection, pcapngStatistics } from '@taas/packets';

/** One port in one direction. */
export interface CapturedPort {
  readonly port: string;
  readonly direction: 'IN' | 'OUT';
}

export interface CaptureFileOptions {
  readonly ports: readonly CapturedPort[];
  /** Bytes of each frame that are kept; 0 for all. */
  readonly snaplen: number;
  /** The expression that frames have to pass; null for none. */
  readonly bpf: string | null;
  /** For whoever reads the file. */
  readonly comment: string;
  /** When it begins: since the epoch. */
  readonly startNs: bigint;
}

/** Frames of one interface, or of all. */
export interface FrameCounts {
  /** That came, those that were dropped included. */
  readonly received: number;
  /** Of those, that the client did not take fast enough. */
  readonly dropped: number;
  readonly delivered: number;
  /** That the expression did not want. */
  readonly filtered: number;
}

/** IN is what the port's owner receives. */
const directions: Readonly<Record<CapturedPort['direction'], PcapngDirection>> = { IN: 'inbound', OUT: 'outbound' };
const said = { IN: 'receives', OUT: 'sends' } as const;
/** A packet's block without its frame, and padding. */
export const mostOfBlock = 64;

/** The pcapng of a capture, block by block: one interface for each port and direction, and what was lost of each. */
export class CaptureFile {
  #delivered = 0;
  readonly #counts: { received: number; dropped: number; delivered: number; filtered: number; untold: number }[];

  constructor(private readonly options: CaptureFileOptions) {
    this.#counts = options.ports.map(() => ({ received: 0, dropped: 0, delivered: 0, filtered: 0, untold: 0 }));
  }

  /** Frames that were written, of all interfaces. */
  get delivered(): number {
    return this.#delivered;
  }

  get total(): FrameCounts {
    const sum = (count: keyof FrameCounts) => this.#counts.reduce((all, each) => all + each[count], 0);
    return {
      received: sum('received'),
      dropped: sum('dropped'),
      delivered: sum('delivered'),
      filtered: sum('filtered'),
    };
  }

  head(): Uint8Array {
    const { ports, snaplen: snapLength, comment, bpf } = this.options;
    const interfaces = ports.map(({ port, direction }) =>
      pcapngInterface({
        name: `${port} ${direction}`,
        snapLength,
        ...(bpf === null ? {} : { filter: bpf }),
        description: `what port ${port} ${said[direction]}, as copied by Tap as a Service`,
      }),
    );
    return Buffer.concat([pcapngSection({ comment, application: 'taas-server' }), ...interfaces]);
  }

  /** @param index of the port and direction */
  packet(index: number, frame: Uint8Array, timeNs: bigint): Uint8Array {
    const { ports, snaplen } = this.options;
    const counts = this.#countsOf(index);
    counts.received += 1;
    counts.delivered += 1;
    this.#delivered += 1;
    const dropped = BigInt(counts.untold);
    counts.untold = 0;
    const kept = snaplen === 0 ? frame : frame.subarray(0, snaplen);
    const direction = directions[ports[index]?.direction ?? 'IN'];
    return pcapngPacket({ interface: index, timeNs, frame: kept, length: frame.length, direction, dropped });
  }

  /** A frame that came, and that the expression does not want. */
  filter(index: number): void {
    const counts = this.#countsOf(index);
    counts.received += 1;
    counts.filtered += 1;
  }

  /** A frame that came and is not in the file: the next one of the interface tells. */
  drop(index: number): void {
    const counts = this.#countsOf(index);
    counts.received += 1;
    counts.dropped += 1;
    counts.untold += 1;
  }

  /** @param comment of the first interface, for what is not known of each */
  statistics(timeNs: bigint, isEnd: boolean, comment: string): Uint8Array {
    const { startNs, bpf } = this.options;
    const blocks = this.#counts.map(({ received, dropped, delivered, filtered }, index) =>
      pcapngStatistics({
        interface: index,
        timeNs,
        startNs,
        ...(isEnd ? { endNs: timeNs } : {}),
        ...{ received: BigInt(received), dropped: BigInt(dropped), delivered: BigInt(delivered) },
        ...(bpf === null ? {} : { accepted: BigInt(received - filtered) }),
        ...(index === 0 && comment !== '' ? { comment } : {}),
      }),
    );
    return Buffer.concat(blocks);
  }

  #countsOf(index: number) {
    const counts = this.#counts[index];
    if (!counts) throw new RangeError(`the capture has no interface ${index}`);
    return counts;
  }
}
