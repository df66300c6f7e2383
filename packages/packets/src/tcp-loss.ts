import { AckedUnseen } from './acked-unseen.js';
import { ipText } from './address.js';
import { parseFrame } from './parse.js';
import { TCP_FLAG, type TcpSegment, tcpSegment } from './tcp-segment.js';

/** An estimate: see {@link TcpLoss}. */
export interface TcpLossEstimate {
  /** Directions of connections of which something was acknowledged. */
  readonly streams: number;
  /** Bytes that were acknowledged, from the first on that was seen of each. */
  readonly ackedBytes: number;
  /** Of these, bytes that were not seen. */
  readonly unseenBytes: number;
  /** About so many segments, by the mean length of those that were seen of the same stream. */
  readonly unseenSegments: number;
  /** Segments with data that were seen. */
  readonly seenSegments: number;
}

interface Stream {
  /** The number that the connection began with; null: its beginning was not seen. */
  readonly began: number | null;
  readonly bytes: AckedUnseen;
  segments: number;
  payload: number;
}

/** Streams that are followed at a time; the one that was quiet for the longest is summed up then. */
const mostStreams = 8_192;

/**
 * How much of TCP a capture has missed, by what the receivers say that they have: Wireshark's "ACKed unseen segment", summed up. It takes
 * both directions of a port. It is an estimate: what a filter has left out counts as missed, as do fragments; and what was lost of anything
 * but TCP, or of acknowledgements, nobody can tell.
 */
export class TcpLoss {
  /** The one that was used longest ago is first. */
  readonly #streams = new Map<string, Stream>();
  #sum: TcpLossEstimate = { streams: 0, ackedBytes: 0, unseenBytes: 0, unseenSegments: 0, seenSegments: 0 };

  /** @param where it was seen: the same segment at two ports is two */
  take(where: string, frame: Uint8Array): void {
    const parsed = parseFrame(frame);
    const segment = tcpSegment(frame, parsed);
    if (parsed?.ip === undefined || segment === null) return;
    const { src, dst, srcPort = 0, dstPort = 0 } = parsed.ip;
    const tags = parsed.tags.map(({ vlan }) => vlan).join('.');
    const [from, to] = [`${ipText(src)} ${srcPort}`, `${ipText(dst)} ${dstPort}`];
    this.#sent(`${where} ${tags} ${from} ${to}`, segment);
    // What a reset acknowledges may be anything.
    if (segment.flags & TCP_FLAG.ack && !(segment.flags & TCP_FLAG.rst))
      this.#streams.get(`${where} ${tags} ${to} ${from}`)?.bytes.acknowledged(segment.ack);
  }

  estimate(): TcpLossEstimate {
    return [...this.#streams.values()].reduce(added, this.#sum);
  }

  #sent(key: string, { seq, flags, payload }: TcpSegment): void {
    if (flags & TCP_FLAG.rst) return;
    const isFirst = (flags & TCP_FLAG.syn) !== 0;
    const length = payload + (isFirst ? 1 : 0) + (flags & TCP_FLAG.fin ? 1 : 0);
    if (length === 0) return;
    let stream = this.#streams.get(key);
    // The same ends again, or another connection behind the same address. Its numbers may be near those of the one before.
    if (stream !== undefined && (isFirst ? stream.began !== seq : !stream.bytes.isNear(seq))) {
      this.#settle(key, stream);
      stream = undefined;
    }
    stream ??= { began: isFirst ? seq : null, bytes: new AckedUnseen(), segments: 0, payload: 0 };
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    stream.bytes.saw(seq, length);
    stream.segments += 1;
    stream.payload += length;
    const [oldest] = this.#streams;
    if (this.#streams.size > mostStreams && oldest !== undefined) this.#settle(...oldest);
  }

  #settle(key: string, stream: Stream): void {
    this.#sum = added(this.#sum, stream);
    this.#streams.delete(key);
  }
}

function added(sum: TcpLossEstimate, { bytes, segments, payload }: Stream): TcpLossEstimate {
  const { acked, unseen, holes } = bytes.count();
  return {
    streams: sum.streams + (acked > 0 ? 1 : 0),
    ackedBytes: sum.ackedBytes + acked,
    unseenBytes: sum.unseenBytes + unseen,
    unseenSegments: sum.unseenSegments + Math.max(holes, Math.round((unseen * segments) / payload)),
    seenSegments: sum.seenSegments + segments,
  };
}
