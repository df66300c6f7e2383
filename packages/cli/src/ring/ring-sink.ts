import type { Host, Sink } from '../host/host.js';
import { ringName } from './ring-names.js';
import { type Block, blockTypes, WholeBlocks } from './whole-blocks.js';

/** When the next file is begun, and how many are kept; at least one of the first three is there. */
export interface RingOptions {
  /** Bytes. */
  readonly bytes?: number;
  readonly ms?: number;
  readonly packets?: number;
  /** The oldest goes when there would be more; absent: all stay. */
  readonly files?: number;
}

/** Writes a capture into one file after another, each of which can be read by itself: all begin with what describes the interfaces. */
export class RingSink implements Sink {
  readonly #blocks = new WholeBlocks();
  #head: Uint8Array[] = [];
  #isHeadWhole = false;
  #number = 0;
  readonly #kept: string[] = [];
  #file: { readonly sink: Sink; readonly begun: number; bytes: number; packets: number } | null = null;

  constructor(
    private readonly host: Pick<Host, 'open' | 'files' | 'clock'>,
    private readonly path: string,
    private readonly options: RingOptions,
  ) {}

  /** @throws the error of the file system; CliError for what is no pcapng */
  async write(bytes: Uint8Array): Promise<void> {
    for (const block of this.#blocks.take(bytes)) await this.#take(block);
  }

  async close(): Promise<void> {
    if (this.#file === null && this.#head.length > 0) await this.#next();
    // As much as came of a block that breaks off: readers of captures can do with that.
    await this.#file?.sink.write(this.#blocks.rest);
    await this.#file?.sink.close();
    this.#file = null;
  }

  async #take({ type, bytes }: Block): Promise<void> {
    if (!this.#isHeadWhole && (type === blockTypes.section || type === blockTypes.interface)) {
      this.#head.push(Uint8Array.prototype.slice.call(bytes));
      return;
    }
    this.#isHeadWhole = true;
    if (this.#file === null || this.#isFull()) await this.#next();
    const file = this.#file;
    if (file === null) return;
    await file.sink.write(bytes);
    file.bytes += bytes.length;
    if (type === blockTypes.packet) file.packets += 1;
  }

  #isFull(): boolean {
    const { bytes = Number.POSITIVE_INFINITY, ms = Number.POSITIVE_INFINITY } = this.options;
    const { packets = Number.POSITIVE_INFINITY } = this.options;
    const file = this.#file;
    if (file === null) return true;
    return file.bytes >= bytes || file.packets >= packets || this.host.clock.monotonic() - file.begun >= ms;
  }

  async #next(): Promise<void> {
    const { host, options } = this;
    await this.#file?.sink.close();
    this.#file = null;
    this.#number += 1;
    const name = ringName(this.path, this.#number, host.clock.now());
    const sink = await host.open(name);
    this.#file = { sink, begun: host.clock.monotonic(), bytes: 0, packets: 0 };
    this.#kept.push(name);
    for (const bytes of this.#head) {
      await sink.write(bytes);
      this.#file.bytes += bytes.length;
    }
    while (options.files !== undefined && this.#kept.length > options.files)
      host.files.remove(this.#kept.shift() ?? '');
  }
}
