import { Readable } from 'node:stream';
import { type BpfProgram, bpfTakes } from '@taas/packets';
import type { Clock } from '@taas/service';
import { type CapturedPort, CaptureFile, type FrameCounts, mostOfBlock } from './capture-file.js';
import type { CaptureWish } from './capture-wish.js';
import { PacketWatch } from './packet-watch.js';

/** What is captured of one port in one direction: a tap service and its flow, whose copies have a VNI of their own. */
export interface CapturePart extends CapturedPort {
  readonly service: string;
  readonly flow: string;
}

export interface CaptureOptions {
  readonly id: string;
  readonly wish: CaptureWish;
  readonly userId: string;
  readonly parts: readonly CapturePart[];
  /** What is kept of frames that the client has not taken yet, in bytes. */
  readonly queueBytes: number;
  /** Frames that the kernel has dropped of all captures together since the socket was opened; null if nobody can tell. */
  readonly kernelDrops: () => Promise<number | null>;
  /** What frames have to pass; null for all. */
  readonly program: BpfProgram | null;
  readonly clock: Clock;
}

export interface CaptureCounts extends FrameCounts {
  /** Bytes of the file so far. */
  readonly bytes: number;
  /** Frames that the kernel has dropped meanwhile, of all captures of the server; null if nobody can tell. */
  readonly kernel_dropped: number | null;
}

/** Who does not read a capture, or does not read on, for so long is gone, in ms. */
const patienceMs = 8_000;
/** A reader who takes little at a time has so long for the rest of a capture that has ended, in ms. */
const mostAfterEndMs = 60_000;
/** How often what was counted is written between the packets, in ms: so a reader's death is noticed, too. */
const statisticsMs = 1_000;

/** A capture that runs: frames go in, and come out as pcapng. */
export class Capture {
  readonly startedAt: number;
  /** Why it has ended; null while it runs. */
  endedBecause: string | null = null;
  /** Its latest packets, for who looks at it. */
  readonly watch: PacketWatch;
  readonly #file: CaptureFile;
  readonly #stream: Readable;
  readonly #begun: number;
  readonly #over = new AbortController();
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #bytes = 0;
  #kernelBase: number | null = null;
  #kernelDrops: number | null = null;
  #isRead = false;
  /** Resolves when nobody reads it, or can, any more. */
  readonly closed: Promise<void>;
  #progress = { taken: 0, at: 0 };

  /** @param onEnd is called once, with the stream ended */
  constructor(
    private readonly options: CaptureOptions,
    private readonly onEnd: (capture: Capture) => void,
  ) {
    const { clock, wish, parts, id, userId } = options;
    this.startedAt = clock.now();
    this.#begun = clock.monotonic();
    const said = [wish.description, wish.reason ?? ''].filter(
      (each, index, all) => each !== '' && all.indexOf(each) === index,
    );
    const why = said.length === 0 ? '' : `: ${said.join('; ')}`;
    const comment = `capture ${id} of project ${wish.project_id}, asked for by user ${userId}${why}. Times are of arrival at the server.`;
    this.#file = new CaptureFile({
      ports: parts,
      snaplen: wish.snaplen,
      bpf: wish.bpf,
      comment,
      startNs: this.#nowNs(),
    });
    this.watch = new PacketWatch(parts.map(({ port, direction }) => `${port} ${direction}`));
    this.#stream = new Readable({ read: () => undefined, highWaterMark: options.queueBytes });
    // Who reads has gone before the end.
    this.#stream.once('close', () => void this.end('the client has gone'));
    this.#stream.once('error', () => undefined);
    this.closed = new Promise((resolve) => this.#stream.once('close', () => resolve()));
    this.#progress.at = this.#begun;
    this.#write(this.#file.head());
  }

  get id(): string {
    return this.options.id;
  }

  get wish(): CaptureWish {
    return this.options.wish;
  }

  get parts(): readonly CapturePart[] {
    return this.options.parts;
  }

  get endsAt(): number {
    return this.startedAt + this.wish.seconds * 1000;
  }

  get counts(): CaptureCounts {
    const drops = this.#kernelDrops !== null && this.#kernelBase !== null ? this.#kernelDrops - this.#kernelBase : null;
    return { ...this.#file.total, bytes: this.#bytes, kernel_dropped: drops };
  }

  /** Whether somebody has its file already. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** The file as it comes, to one reader. @returns null if somebody has it already */
  read(): Readable | null {
    if (this.#isRead) return null;
    this.#isRead = true;
    this.#progress.at = this.options.clock.monotonic();
    return this.#stream;
  }

  /** Whoever reads has had time enough. */
  abandon(): void {
    this.#stream.destroy();
  }

  /** Looks after its ends until it has ended. Never throws. */
  async run(): Promise<void> {
    const { clock, wish } = this.options;
    const { signal } = this.#over;
    this.#kernelBase = await this.options.kernelDrops();
    this.#kernelDrops = this.#kernelBase;
    const last = this.#begun + wish.seconds * 1000;
    while (!signal.aborted) {
      const left = last - clock.monotonic();
      if (left <= 0) return this.end(`its ${wish.seconds} s are over`);
      await clock.sleep(Math.min(left, statisticsMs), signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#tick();
    }
  }

  /** @param index of the port and direction */
  take(index: number, frame: Uint8Array): void {
    if (this.endedBecause !== null) return;
    const { wish, queueBytes, program } = this.options;
    if (program !== null && !bpfTakes(program, frame)) {
      this.#file.filter(index);
      return;
    }
    const kept = wish.snaplen === 0 ? frame.length : Math.min(frame.length, wish.snaplen);
    const size = kept + mostOfBlock;
    if (this.#bytes + size > wish.bytes) void this.end(`its ${wish.bytes} bytes are full`);
    else if (this.#queued + size > queueBytes) this.#file.drop(index);
    else {
      const at = this.#nowNs();
      this.#write(this.#file.packet(index, frame, at));
      this.watch.take(index, frame.subarray(0, kept), frame.length, at);
    }
    if (this.#file.delivered >= wish.packets) void this.end(`its ${wish.packets} packets are there`);
  }

  /** Ends it: what was counted is written last. A second time changes nothing. */
  async end(because: string): Promise<void> {
    if (this.endedBecause !== null) return;
    this.endedBecause = because;
    this.#over.abort();
    await this.#readKernel();
    this.#write(this.#statistics(true));
    this.#flush();
    this.#stream.push(null);
    this.watch.end(because);
    void this.#awaitReader();
    this.onEnd(this);
  }

  /** Its file is kept until its reader has it, as long as he takes something, and not for ever; also for one who has not come yet. */
  async #awaitReader(): Promise<void> {
    const { clock } = this.options;
    const closed = new AbortController();
    void this.closed.then(() => closed.abort());
    const last = clock.monotonic() + mostAfterEndMs;
    for (let left = this.#stream.readableLength; !closed.signal.aborted; left = this.#stream.readableLength) {
      await clock.sleep(statisticsMs, closed.signal).catch(() => undefined);
      const now = clock.monotonic();
      if (this.#isRead && this.#stream.readableLength < left) this.#progress.at = now;
      if (now - this.#progress.at >= patienceMs || now >= last) this.abandon();
    }
  }

  async #tick(): Promise<void> {
    this.watch.turn();
    await this.#readKernel();
    if (this.endedBecause !== null) return;
    const now = this.options.clock.monotonic();
    const taken = this.#bytes - this.#queued;
    if (this.#isRead && (taken > this.#progress.taken || this.#queued === 0)) this.#progress = { taken, at: now };
    if (now - this.#progress.at >= patienceMs)
      return this.end(this.#isRead ? 'the client does not read on' : 'nobody has begun to read it');
    if (this.#isRead && this.#queued < this.options.queueBytes) this.#write(this.#statistics(false));
  }

  async #readKernel(): Promise<void> {
    this.#kernelDrops = (await this.options.kernelDrops()) ?? this.#kernelDrops;
  }

  #statistics(isEnd: boolean): Uint8Array {
    const { kernel_dropped: drops } = this.counts;
    const comment =
      drops === null || drops === 0
        ? ''
        : `besides, the server's kernel has dropped ${drops} frames meanwhile, of all captures together`;
    return this.#file.statistics(this.#nowNs(), isEnd, comment);
  }

  /** What has not been taken yet, in bytes. */
  get #queued(): number {
    return this.#waitingBytes + this.#stream.readableLength;
  }

  /** Frames that come together are written together. */
  #write(bytes: Uint8Array): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush());
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#bytes += bytes.length;
  }

  #flush(): void {
    if (this.#waiting.length === 0 || this.#stream.destroyed) return;
    this.#stream.push(Buffer.concat(this.#waiting));
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** Never goes back, as a wall clock may. */
  #nowNs(): bigint {
    const { clock } = this.options;
    return BigInt(this.startedAt) * 1_000_000n + BigInt(Math.round((clock.monotonic() - this.#begun) * 1_000_000));
  }
}
