import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCounters } from '@taas/agent';
import { decodeCapture, encodePcap } from '@taas/packets';
import type { Clock } from '@taas/service';
import type { Capture, Frame } from './lab-switch.js';

/** Interfaces of a VPP's packet generator, by number: frames go in from a pcap file, and come out into one. */
export class PacketGenerator {
  #serial = 0;

  /**
   * @param cli runs a command of VPP's CLI
   * @param directory where VPP reads and writes the files
   */
  constructor(
    private readonly cli: (command: string) => Promise<string>,
    private readonly directory: string,
    private readonly clock: Clock,
  ) {}

  /** Resolves when VPP has taken them all. */
  async send(number: number, frames: readonly Frame[]): Promise<void> {
    // VPP refuses a stream without packets.
    if (frames.length === 0) return;
    const stream = `send${this.#serial++}`;
    const file = join(this.directory, `${stream}.pcap`);
    await writeFile(
      file,
      encodePcap(
        frames.map((frame) => ({ frame, timeNs: 0n })),
        'us',
      ),
    );
    await this.cli(`packet-generator new { name ${stream} pcap ${file} source pg${number} node ethernet-input }`);
    await this.cli(`packet-generator enable-stream ${stream}`);
    while (new RegExp(`^${stream}\\s+Yes`, 'm').test(await this.cli('show packet-generator')))
      await this.clock.sleep(1);
    await this.cli(`packet-generator delete ${stream}`);
    await rm(file);
  }

  async capture(number: number): Promise<Capture> {
    const file = join(this.directory, `capture${this.#serial++}.pcap`);
    const before = await this.#transmitted(number);
    // By the CLI: the API's pg_capture frees the file's name while VPP still uses it (vnet/pg/pg_api.c, v26.06).
    const name = `pg${number}`;
    await this.cli(`packet-generator capture ${name} pcap ${file} count 1000000`);
    return {
      count: async () => (await this.#transmitted(number)) - before,
      stop: async () => {
        await this.cli(`packet-generator capture ${name} disable`);
        const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
          // VPP makes the file with the first frame: none means that there was none.
          if (cause.code === 'ENOENT') return undefined;
          throw new Error(`the capture of ${name} cannot be read`, { cause });
        });
        return bytes === undefined ? [] : decodeCapture(bytes, file).map((captured) => captured.frame);
      },
    };
  }

  async #transmitted(number: number): Promise<number> {
    const [counters] = readCounters(await this.cli(`show interface pg${number}`)).values();
    return counters?.txPackets ?? 0;
  }
}
