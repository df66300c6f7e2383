/** Frames kept until the limit; the oldest go first, and are counted. */
export class FrameLog {
  readonly #frames: Uint8Array[] = [];
  #start = 0;
  /** Frames that were forgotten because there were too many. */
  forgotten = 0;

  constructor(private readonly limit: number) {}

  add(frame: Uint8Array): void {
    this.#frames.push(frame);
    if (this.#frames.length - this.#start > this.limit) {
      this.#start += 1;
      this.forgotten += 1;
      if (this.#start > this.limit) {
        this.#frames.splice(0, this.#start);
        this.#start = 0;
      }
    }
  }

  get frames(): Uint8Array[] {
    return this.#frames.slice(this.#start);
  }

  /** Returns what is kept and forgets it. */
  take(): Uint8Array[] {
    const taken = this.frames;
    this.#frames.length = 0;
    this.#start = 0;
    return taken;
  }
}
