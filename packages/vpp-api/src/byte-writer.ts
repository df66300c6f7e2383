const SLAB_BYTES = 65_536;

/**
 * A growing run of big-endian bytes. `take` hands out what was written since the last `take` without copying it, so many
 * messages become one socket write; the bytes handed out are never written again.
 */
export class ByteWriter {
  buffer: Buffer;
  offset = 0;
  #start = 0;

  constructor(initialBytes = SLAB_BYTES) {
    this.buffer = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Bytes written and not yet taken. */
  get pending(): number {
    return this.offset - this.#start;
  }

  /** Makes room for `count` bytes and returns where they start; the caller fills all of them. */
  reserve(count: number): number {
    const at = this.offset;
    if (at + count > this.buffer.length) return this.#grow(count);
    this.offset = at + count;
    return at;
  }

  /** Drops what was written from `mark` (relative to the last take) on: a message that failed half-way. */
  truncate(pending: number): void {
    this.offset = this.#start + pending;
  }

  /** Position of a byte given as a distance from the last `take`; positions in `buffer` move when it grows. */
  at(pending: number): number {
    return this.#start + pending;
  }

  take(): Buffer {
    const taken = this.buffer.subarray(this.#start, this.offset);
    this.#start = this.offset;
    return taken;
  }

  #grow(count: number): number {
    const pending = this.pending;
    const larger = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, (pending + count) * 2));
    this.buffer.copy(larger, 0, this.#start, this.offset);
    this.buffer = larger;
    this.#start = 0;
    this.offset = pending + count;
    return pending;
  }
}
