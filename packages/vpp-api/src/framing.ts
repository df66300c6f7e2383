import { asBuffer } from './byte-reader.js';
import { VppFrameError } from './errors.js';

// Before each message stand 16 bytes: u64 unused, u32 length of the message (big-endian), u32 unused
// (VPP's msgbuf_t, src/vlibmemory/socket_api.h).
export const FRAME_HEADER_BYTES = 16;
const LENGTH_OFFSET = 8;
const MESSAGE_ID_BYTES = 2;

/** VPP's own definitions come as one message of 1.4 MB; 16 MiB leaves room for ten times that. */
export const DEFAULT_MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** Puts the header for a message of `length` bytes at `offset`. */
export function writeFrameHeader(buffer: Buffer, offset: number, length: number): void {
  buffer.fill(0, offset, offset + FRAME_HEADER_BYTES);
  buffer.writeUInt32BE(length, offset + LENGTH_OFFSET);
}

/** A whole frame: header, message id, and the message's bytes after the id. */
export function encodeFrame(messageId: number, payload: Uint8Array): Buffer {
  const length = MESSAGE_ID_BYTES + payload.length;
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
  writeFrameHeader(frame, 0, length);
  frame.writeUInt16BE(messageId, FRAME_HEADER_BYTES);
  frame.set(payload, FRAME_HEADER_BYTES + MESSAGE_ID_BYTES);
  return frame;
}

/**
 * Takes one message: its id, and where its bytes after the id lie in `buffer`. The bytes are only valid during the call;
 * what is to be kept must be copied (the codec's `decode` does).
 */
export type FrameHandler = (messageId: number, buffer: Buffer, start: number, end: number) => void;

/**
 * Cuts a stream of bytes into messages, whatever the chunks it arrives in. Holds at most one frame, so memory is bounded
 * by `maxFrameBytes`; an impossible length throws `VppFrameError` and the decoder refuses everything after it, since the
 * start of the next frame is unknown.
 */
export class FrameDecoder {
  readonly #onFrame: FrameHandler;
  readonly #maxFrameBytes: number;
  #partial: Buffer = Buffer.alloc(0);
  /** Bytes of `#partial` that are filled. */
  #held = 0;
  #broken: VppFrameError | undefined;

  constructor(onFrame: FrameHandler, options: { readonly maxFrameBytes?: number } = {}) {
    this.#onFrame = onFrame;
    this.#maxFrameBytes = options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES;
  }

  /** Bytes held back because their frame is not complete; not 0 at the end of a stream means it was cut off. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Calls the handler for every message completed by `chunk`, in order. Throws `VppFrameError` for a bad length. */
  push(chunk: Uint8Array): void {
    if (this.#broken !== undefined) throw this.#broken;
    const buffer = asBuffer(chunk);
    let offset = this.#held === 0 ? 0 : this.#completePartial(buffer);
    while (buffer.length - offset >= FRAME_HEADER_BYTES) {
      const end = offset + FRAME_HEADER_BYTES + this.#checkedLength(buffer, offset);
      if (end > buffer.length) break;
      this.#emit(buffer, offset, end);
      offset = end;
    }
    if (offset < buffer.length) this.#hold(buffer, offset, buffer.length);
  }

  /** Fills the held frame from the front of `buffer`; returns how many bytes that took. */
  #completePartial(buffer: Buffer): number {
    let offset = 0;
    if (this.#held < FRAME_HEADER_BYTES) {
      offset = Math.min(FRAME_HEADER_BYTES - this.#held, buffer.length);
      this.#hold(buffer, 0, offset);
      if (this.#held < FRAME_HEADER_BYTES) return offset;
    }
    const total = FRAME_HEADER_BYTES + this.#checkedLength(this.#partial, 0);
    const take = Math.min(total - this.#held, buffer.length - offset);
    this.#hold(buffer, offset, offset + take, total);
    if (this.#held === total) {
      const frame = this.#partial;
      this.#partial = Buffer.alloc(0);
      this.#held = 0;
      this.#emit(frame, 0, total);
    }
    return offset + take;
  }

  #hold(source: Buffer, start: number, end: number, total = 0): void {
    const needed = this.#held + end - start;
    if (needed > this.#partial.length) {
      const known = total > 0 ? total : this.#frameBytes(source, start, end);
      // Grown by doubling, not to the announced length at once: a peer that only announces costs us nothing.
      const size = Math.max(needed, Math.min(known, Math.max(this.#partial.length * 2, 4096)));
      const larger = Buffer.allocUnsafe(size);
      this.#partial.copy(larger, 0, 0, this.#held);
      this.#partial = larger;
    }
    source.copy(this.#partial, this.#held, start, end);
    this.#held = needed;
  }

  #frameBytes(source: Buffer, start: number, end: number): number {
    if (this.#held > 0 || end - start < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES;
    return FRAME_HEADER_BYTES + this.#checkedLength(source, start);
  }

  #checkedLength(buffer: Buffer, offset: number): number {
    const length = buffer.readUInt32BE(offset + LENGTH_OFFSET);
    if (length >= MESSAGE_ID_BYTES && length <= this.#maxFrameBytes) return length;
    this.#broken = new VppFrameError(
      `a frame announces ${length} bytes, outside ${MESSAGE_ID_BYTES} to ${this.#maxFrameBytes}: not VPP's API, or out of step`,
    );
    throw this.#broken;
  }

  #emit(buffer: Buffer, start: number, end: number): void {
    const message = start + FRAME_HEADER_BYTES;
    this.#onFrame(buffer.readUInt16BE(message), buffer, message + MESSAGE_ID_BYTES, end);
  }
}
