import { CliError } from '../exit-codes.js';

/** Longer than any block that the server makes: a frame has 65,535 bytes at most. */
const longestBlock = 1_048_576;
/** A block's type and its length. */
const headBytes = 8;
/** A type and two lengths, which is the shortest block that there is. */
const shortestBlock = 12;

/** Types of blocks of pcapng (draft-ietf-opsawg-pcapng, section 11.1). */
export const blockTypes = { section: 0x0a0d0d0a, interface: 1, packet: 6 } as const;

export interface Block {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Cuts a stream of pcapng into its blocks, as its bytes come. Little-endian, as our server writes it. */
export class WholeBlocks {
  #rest: Uint8Array = new Uint8Array(0);

  /** @returns the blocks that are whole now @throws CliError for what is no pcapng of ours */
  take(chunk: Uint8Array): Block[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const blocks: Block[] = [];
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const length = view.getUint32(at + 4, true);
      if (length < shortestBlock || length > longestBlock || length % 4 !== 0)
        throw new CliError('unreachable', `what the server sends is no capture: a block of ${length} bytes`);
      if (bytes.length - at < length) break;
      blocks.push({ type: view.getUint32(at, true), bytes: bytes.subarray(at, at + length) });
      at += length;
    }
    // A copy, which `slice` of a Buffer is not: what was taken need not be kept for the sake of its end.
    this.#rest = Uint8Array.prototype.slice.call(bytes, at);
    return blocks;
  }

  /** What has come of a block that is not whole. */
  get rest(): Uint8Array {
    return this.#rest;
  }
}
