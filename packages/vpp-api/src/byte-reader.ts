import { VppCodecError } from './errors.js';

/** A bounded view on received bytes; every read checks that the message has that many left. */
export class ByteReader {
  constructor(
    readonly buffer: Buffer,
    public offset: number,
    readonly end: number,
  ) {}

  get remaining(): number {
    return this.end - this.offset;
  }

  /** Skips `count` bytes and returns where they start. */
  advance(count: number, path: string): number {
    const at = this.offset;
    if (count > this.end - at) {
      throw new VppCodecError(path, `message too short: ${count} bytes needed, ${this.end - at} left`);
    }
    this.offset = at + count;
    return at;
  }
}

/** The same bytes as a Buffer, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
