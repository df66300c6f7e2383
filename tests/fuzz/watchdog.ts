import { Worker } from 'node:worker_threads';
import { maxInputBytes } from './mutate.js';

/**
 * The thread that ends the program when one input keeps it: a reader that never returns cannot be asked to stop.
 * Plain JavaScript, since a worker has no loader for TypeScript.
 */
const watching = `
const { workerData } = require('node:worker_threads');
const { writeFileSync } = require('node:fs');
const { state, bytes, limitMs, file } = workerData;
const view = new Int32Array(state);
let turn = -1, since = Date.now();
setInterval(() => {
  const now = Atomics.load(view, 0);
  if (now !== turn) { turn = now; since = Date.now(); return; }
  if (Atomics.load(view, 2) === 0 || Date.now() - since < limitMs) return;
  writeFileSync(file, Buffer.from(bytes).subarray(0, Atomics.load(view, 1)));
  process.stderr.write('one input took more than ' + limitMs + ' ms; it is in ' + file + '\\n');
  process.exit(1);
}, 200);
`;

/** Ends the program with 1 when `guard` does not hear that an input is done, and leaves the input in `file`. */
export class Watchdog {
  readonly #state = new SharedArrayBuffer(12);
  readonly #view = new Int32Array(this.#state);
  readonly #bytes = new SharedArrayBuffer(maxInputBytes);
  readonly #worker: Worker;

  constructor(limitMs: number, file: string) {
    const workerData = { state: this.#state, bytes: this.#bytes, limitMs, file };
    this.#worker = new Worker(watching, { eval: true, workerData });
    this.#worker.unref();
  }

  begins(input: Uint8Array): void {
    new Uint8Array(this.#bytes).set(input.subarray(0, maxInputBytes));
    Atomics.store(this.#view, 1, input.length);
    Atomics.store(this.#view, 2, 1);
    Atomics.add(this.#view, 0, 1);
  }

  ends(): void {
    Atomics.store(this.#view, 2, 0);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
