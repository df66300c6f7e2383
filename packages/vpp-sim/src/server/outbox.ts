import type { Socket } from 'node:net';
import { ByteWriter, type FieldValues, FRAME_HEADER_BYTES, writeFrameHeader } from 'vpp-api';
import type { NumberedMessage } from './message-table.js';

const ID_BYTES = 2;
const WRITE_AT_BYTES = 64 * 1024;
/** Bytes not yet taken by the client above which no more of its requests are read. */
const FULL_BYTES = 1024 * 1024;

/** Messages on their way to one client, written in large pieces. */
export class Outbox {
  readonly #writer = new ByteWriter();

  constructor(private readonly socket: Socket) {}

  /**
   * Appends a message. @throws VppCodecError when the values do not fit the definition; nothing is appended then.
   * @param missing bytes at its end that are not sent, as of a VPP that forgets them
   */
  add({ id, codec }: NumberedMessage, values: FieldValues, missing = 0): void {
    const start = this.#writer.pending;
    this.#writer.reserve(FRAME_HEADER_BYTES + ID_BYTES);
    try {
      codec.encodeInto(this.#writer, values);
    } catch (error) {
      this.#writer.truncate(start);
      throw error;
    }
    this.#writer.truncate(this.#writer.pending - missing);
    const at = this.#writer.at(start);
    writeFrameHeader(this.#writer.buffer, at, this.#writer.pending - start - FRAME_HEADER_BYTES);
    this.#writer.buffer.writeUInt16BE(id, at + FRAME_HEADER_BYTES);
    if (this.#writer.pending >= WRITE_AT_BYTES) this.flush();
  }

  flush(): void {
    if (this.#writer.pending > 0 && this.socket.writable) this.socket.write(this.#writer.take());
  }

  /** Whether the client is so far behind that it has to read before it may ask more. */
  get full(): boolean {
    return this.socket.writableLength > FULL_BYTES;
  }
}
