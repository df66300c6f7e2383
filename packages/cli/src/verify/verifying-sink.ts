import { readBlock, TcpLoss, type TcpLossEstimate } from '@taas/packets';
import type { Sink } from '../host/host.js';
import { WholeBlocks } from '../ring/whole-blocks.js';

/** Looks at what is written on its way, for an estimate of what is missing. */
export class VerifyingSink implements Sink {
  readonly #blocks = new WholeBlocks();
  readonly #loss = new TcpLoss();
  /** The ports of the file's interfaces: both directions of one are looked at together. */
  #ports: string[] = [];

  constructor(private readonly to: Sink) {}

  /** @throws what the sink behind it throws; CliError for what is no pcapng */
  async write(bytes: Uint8Array): Promise<void> {
    for (const block of this.#blocks.take(bytes)) this.#look(block.bytes);
    await this.to.write(bytes);
  }

  close(): Promise<void> {
    return this.to.close();
  }

  estimate(): TcpLossEstimate {
    return this.#loss.estimate();
  }

  #look(bytes: Uint8Array): void {
    const block = readBlock(bytes);
    if (block.is === 'section') this.#ports = [];
    else if (block.is === 'interface') this.#ports.push(block.name.split(' ')[0] ?? '');
    else if (block.is === 'packet') this.#loss.take(this.#ports[block.interface] ?? '', block.frame);
  }
}
