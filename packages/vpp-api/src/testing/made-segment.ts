import type { SegmentBytes } from '../stats/segment-bytes.js';
import { VppStatsError } from '../stats/stats-error.js';

export type MadeEntry =
  | { readonly scalar: bigint }
  /** By thread, by index. */
  | { readonly simple: readonly (readonly bigint[])[] }
  /** By thread, by index: packets and bytes. */
  | { readonly combined: readonly (readonly (readonly [bigint, bigint])[])[] }
  | { readonly names: readonly (string | null)[] };

/** Where VPP has mapped it, says the segment. */
export const madeBase = 0x1000_0000_0000n;

/** A statistics segment as VPP lays it out, for tests; `tests/vpp/stats-segment.test.ts` compares the reader with a real one. */
export class MadeSegment implements SegmentBytes {
  readonly memory: Buffer;
  #top = 4096;
  reads = 0;
  closed = false;
  /** Called before each read, with how many there were. */
  onRead: (read: number) => void = () => undefined;

  constructor(readonly size = 1 << 20) {
    this.memory = Buffer.alloc(size);
    this.memory.writeBigUInt64LE(2n, 0);
    this.memory.writeBigUInt64LE(madeBase, 8);
    this.memory.writeBigUInt64LE(1n, 16);
  }

  read(offset: number, length: number): Buffer {
    this.onRead(this.reads++);
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size)) throw new VppStatsError('malformed', 'outside');
    return Buffer.from(this.memory.subarray(offset, offset + length));
  }

  close(): void {
    this.closed = true;
  }

  /** Lays out a new directory, as VPP does under its lock: the epoch grows. */
  lay(entries: readonly (readonly [string, MadeEntry])[]): void {
    const directory = Buffer.alloc(144 * entries.length);
    for (const [n, [name, entry]] of entries.entries()) {
      const at = directory.subarray(144 * n);
      const [type, value] = this.#placed(entry);
      at.writeUInt32LE(type, 0);
      at.writeBigUInt64LE(value, 8);
      at.write(name, 16, 'latin1');
    }
    this.memory.writeBigUInt64LE(this.#vector(directory, entries.length), 32);
    this.memory.writeBigUInt64LE(this.epoch + 1n, 16);
  }

  /** Has the first entry's threads be these. */
  pointFirstEntryTo(pointers: Buffer, length: number): void {
    const directory = Number(this.memory.readBigUInt64LE(32) - madeBase);
    this.memory.writeBigUInt64LE(this.#vector(pointers, length), directory + 8);
  }

  get epoch(): bigint {
    return this.memory.readBigUInt64LE(16);
  }

  set epoch(epoch: bigint) {
    this.memory.writeBigUInt64LE(epoch, 16);
  }

  set inProgress(is: boolean) {
    this.memory.writeBigUInt64LE(is ? 1n : 0n, 24);
  }

  #placed(entry: MadeEntry): readonly [number, bigint] {
    if ('scalar' in entry) return [1, entry.scalar];
    if ('simple' in entry)
      return [2, this.#pointers(entry.simple.map((each) => this.#vector(words(each), each.length)))];
    if ('combined' in entry)
      return [3, this.#pointers(entry.combined.map((each) => this.#vector(words(each.flat()), each.length)))];
    const names = entry.names.map((name) => {
      if (name === null) return 0n;
      const text = Buffer.from(`${name}\0`, 'latin1');
      return this.#vector(text, text.length);
    });
    return [4, this.#pointers(names)];
  }

  #pointers(of: readonly bigint[]): bigint {
    return this.#vector(words(of), of.length);
  }

  #vector(elements: Buffer, length: number): bigint {
    const at = this.#top + 8;
    this.memory.writeUInt32LE(length, this.#top);
    elements.copy(this.memory, at);
    this.#top = at + Math.ceil(elements.length / 8) * 8;
    return madeBase + BigInt(at);
  }
}

function words(values: readonly bigint[]): Buffer {
  const into = Buffer.alloc(8 * values.length);
  for (const [n, value] of values.entries()) into.writeBigUInt64LE(value, 8 * n);
  return into;
}
