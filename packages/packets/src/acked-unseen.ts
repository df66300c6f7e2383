/** So far from what is known no byte of the same connection can be: a window has 2^30 bytes at most (RFC 7323). */
const mostWindow = 2 ** 30;
/** Holes of a stream that are kept, since a late copy may fill them yet; of older ones only the sum is, until they are acknowledged. */
const mostHoles = 32;

interface Hole {
  readonly from: number;
  readonly to: number;
}

/** What of a stream was acknowledged, and what of that was not seen. */
export interface AckedCount {
  /** Bytes that the receiver says it has, from the first that was seen on. */
  readonly acked: number;
  /** Of these, bytes that were not seen. */
  readonly unseen: number;
  /** Pieces that they are in: at least so many segments are missing. */
  readonly holes: number;
}

/**
 * One direction of a TCP connection: which of its bytes were seen, and which its receiver has acknowledged. Acknowledgements may come before what
 * they are for, as copies of two directions travel apart: so holes are counted at the end, and not when they are noticed. Bytes are
 * counted from the first that was seen; what came before is not judged.
 */
export class AckedUnseen {
  /** Before the first byte of data that was seen, everything is unknown. */
  #first: number | null = null;
  /** Behind the last byte that was seen, as it stands in the header and as it is counted from the first. */
  #nextSeq = 0;
  #next = 0;
  #acked = 0;
  #holes: Hole[] = [];
  #settledBytes = 0;
  #settledHoles = 0;
  /** Holes that are not kept one by one any more, and were not acknowledged then. */
  #pending = { from: 0, to: 0, bytes: 0, holes: 0 };

  /** Whether a sequence number can be of this stream. */
  isNear(seq: number): boolean {
    return this.#first === null || Math.abs(distance(this.#nextSeq, seq)) < mostWindow;
  }

  /** @param length of the bytes from `seq` on, SYN and FIN being one each */
  saw(seq: number, length: number): void {
    if (this.#first === null) {
      if (length === 0) return;
      this.#first = seq;
      this.#nextSeq = seq;
    }
    const from = this.#next + distance(this.#nextSeq, seq);
    const to = from + length;
    if (from > this.#next) this.#addHole({ from: this.#next, to: from });
    else if (length > 0 && this.#holes.length > 0) this.#fill(from, to);
    if (to <= this.#next) return;
    this.#next = to;
    this.#nextSeq = (seq + length) >>> 0;
  }

  acknowledged(ack: number): void {
    if (this.#first === null || !this.isNear(ack)) return;
    this.#acked = Math.max(this.#acked, this.#next + distance(this.#nextSeq, ack));
  }

  count(): AckedCount {
    const tail = { from: this.#next, to: Math.max(this.#next, this.#acked) };
    const open = [...this.#holes, tail].map((hole) => this.#ackedOf(hole)).filter((bytes) => bytes > 0);
    const { from, to, bytes: pending, holes } = this.#pending;
    // As though they were spread evenly: which of them were acknowledged is not known any more.
    const share = to > from ? this.#ackedOf({ from, to }) / (to - from) : 0;
    const settled = this.#settledBytes + Math.round(pending * share);
    return {
      acked: this.#acked,
      unseen: open.reduce((sum, bytes) => sum + bytes, settled),
      holes: this.#settledHoles + Math.round(holes * share) + open.length,
    };
  }

  #ackedOf({ from, to }: Hole): number {
    return Math.max(0, Math.min(to, this.#acked) - from);
  }

  #addHole(hole: Hole): void {
    this.#holes.push(hole);
    if (this.#holes.length <= mostHoles) return;
    const [oldest, ...rest] = this.#holes;
    this.#holes = rest;
    if (oldest === undefined) return;
    const { from, to, bytes, holes } = this.#pending;
    if (holes > 0 && this.#acked >= to) {
      this.#settledBytes += bytes;
      this.#settledHoles += holes;
      this.#pending = { from: oldest.from, to: oldest.to, bytes: oldest.to - oldest.from, holes: 1 };
    } else {
      const start = holes > 0 ? from : oldest.from;
      this.#pending = { from: start, to: oldest.to, bytes: bytes + oldest.to - oldest.from, holes: holes + 1 };
    }
  }

  #fill(from: number, to: number): void {
    this.#holes = this.#holes.flatMap((hole) => {
      if (to <= hole.from || from >= hole.to) return [hole];
      return [
        { from: hole.from, to: Math.max(hole.from, from) },
        { from: Math.min(hole.to, to), to: hole.to },
      ].filter((rest) => rest.to > rest.from);
    });
  }
}

/** From one sequence number to another, which may be behind it; they go round at 2^32. */
const distance = (from: number, to: number): number => (to - from) | 0;
