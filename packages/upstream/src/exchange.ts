import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { type Client, type Dispatcher, errors } from 'undici';
import type { TransportAnswer } from './transport-answer.js';
import { TransportError } from './transport-error.js';

/** A connection that may have served other requests. */
export interface KeptConnection {
  used: boolean;
}

/** One request in progress: turns undici's calls into an answer with a stream, or an error that says what is known. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<TransportAnswer>;
  #resolve: (answer: TransportAnswer) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;
  /** Set when the request is about to be written: until then nothing was sent. */
  #controller: Dispatcher.DispatchController | null = null;
  #body: Readable | null = null;
  #kept: KeptConnection | null = null;
  #own: Client | null = null;
  #reused = false;
  #over = false;
  readonly #stops: (() => void)[] = [];

  /** @param signals break the request off, each with its reason */
  constructor(...signals: readonly AbortSignal[]) {
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    for (const signal of signals) {
      const onAbort = (): void => this.#breakOff(signal.reason);
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#stops.push(() => signal.removeEventListener('abort', onAbort));
    }
  }

  goesBy(connection: KeptConnection): void {
    this.#kept = connection;
  }

  /** The connection is this request's alone, and closed after it. */
  endsWith(connection: Client): void {
    this.#own = connection;
    connection.close().catch(() => undefined); // When the request has ended.
    if (this.#over) connection.destroy().catch(() => undefined);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#over) {
      controller.abort(new Error('broken off'));
      return;
    }
    this.#controller = controller;
    if (this.#kept === null) return;
    this.#reused = this.#kept.used;
    this.#kept.used = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusMessage?: string,
  ): void {
    if (status < 200) return;
    const body = new Readable({
      read: () => controller.resume(),
      destroy: (error, callback) => {
        if (!this.#over) {
          this.#end();
          controller.abort(error ?? new Error('the answer is not read to its end'));
        }
        callback(error);
      },
    });
    this.#body = body;
    const raw = (controller.rawHeaders ?? []) as readonly (Buffer | string)[];
    const rawHeaders = raw.map((each) => (typeof each === 'string' ? each : each.toString('latin1')));
    this.#resolve({ status, statusMessage: statusMessage ?? '', headers, rawHeaders, body });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body?.push(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    this.#end();
    this.#body?.push(null);
  }

  onResponseError(_controller: unknown, cause: Error): void {
    if (this.#over) return;
    this.#end();
    const error = this.#judged(cause);
    if (this.#body === null) this.#reject(error);
    else this.#body.destroy(error);
  }

  #judged(cause: Error): TransportError {
    const why = `no answer: ${(cause as NodeJS.ErrnoException).code ?? cause.message}`;
    if (cause instanceof errors.InvalidArgumentError || cause instanceof errors.NotSupportedError)
      return new TransportError('unsendable', cause.message, { cause });
    if (this.#controller === null) return new TransportError('unreachable', why, { cause });
    if (cause instanceof errors.HeadersTimeoutError) return new TransportError('late', why, { cause });
    const stale = this.#reused && this.#body === null;
    return new TransportError(stale ? 'stale' : 'lost', why, { cause });
  }

  #breakOff(reason: unknown): void {
    if (this.#over) return;
    this.#end();
    this.#reject(reason);
    const error = reason instanceof Error ? reason : new Error(String(reason));
    this.#body?.destroy(error);
    this.#controller?.abort(error);
    // Nothing else ends a connection that does not stand yet.
    if (this.#controller === null) this.#own?.destroy().catch(() => undefined);
  }

  #end(): void {
    this.#over = true;
    for (const stop of this.#stops) stop();
  }
}
