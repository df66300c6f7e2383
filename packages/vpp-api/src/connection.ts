import { ByteWriter } from './byte-writer.js';
import type { Clock } from './clock.js';
import { VppCodecError, VppDisconnectedError } from './errors.js';
import { type DetailsLimits, type DumpEndpoints, DumpExchange, type Endpoint, RequestExchange } from './exchange.js';
import { FRAME_HEADER_BYTES, FrameDecoder, writeFrameHeader } from './framing.js';
import { InFlight, type InFlightLimits } from './in-flight.js';
import type { FieldValues, MessageCodec } from './message-codec.js';
import type { OpenTransport, Transport } from './transport.js';

const MESSAGE_ID_BYTES = 2;
const CONTEXT_BYTES = 4;
/** How long to wait for VPP to close its side. */
const FAREWELL_MS = 250;

export interface ConnectionOptions extends InFlightLimits {
  readonly socketPath: string;
  readonly openTransport: OpenTransport;
  readonly clock: Clock;
  readonly maxFrameBytes: number;
  readonly onProblem: (error: Error) => void;
}

export interface ExchangeOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Takes an event's bytes after the message id; they are only valid during the call. */
export type EventHandler = (buffer: Buffer, start: number, end: number) => void;

/** Frames, contexts and message ids over one transport: everything about a connection that needs no names of messages. */
export class ApiConnection {
  /** What VPP knows this client by; 0 until it has said. */
  clientIndex = 0;
  /** Frames received so far: any of them shows that VPP is alive. */
  framesReceived = 0;
  onFrame: (() => void) | undefined;
  /** Settles when the connection has ended: undefined if `close` ended it, else why. Never rejects. */
  readonly closed: Promise<VppDisconnectedError | undefined>;

  readonly #options: ConnectionOptions;
  readonly #inFlight: InFlight;
  readonly #decoder: FrameDecoder;
  readonly #writer = new ByteWriter();
  readonly #contextOffsets = new Map<number, number>();
  readonly #events = new Map<number, EventHandler>();
  #transport: Transport | undefined;
  #flushScheduled = false;
  #ended: VppDisconnectedError | undefined;
  #closing = false;
  #cancelFarewell: (() => void) | undefined;
  #resolveClosed: (reason: VppDisconnectedError | undefined) => void = () => undefined;

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#inFlight = new InFlight(options.clock, options);
    this.#decoder = new FrameDecoder(this.#receive, { maxFrameBytes: options.maxFrameBytes });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Opens the transport. Rejects with `VppConnectError` or the signal's reason. */
  static async open(options: ConnectionOptions, signal: AbortSignal | undefined): Promise<ApiConnection> {
    const connection = new ApiConnection(options);
    const handlers = { onData: connection.#onData, onClose: connection.#onClose };
    connection.#transport = await options.openTransport(options.socketPath, handlers, signal);
    return connection;
  }

  get inFlight(): number {
    return this.#inFlight.activeCount;
  }

  get waiting(): number {
    return this.#inFlight.waitingCount;
  }

  /** Makes a message known to the receiving side, so that its context is found. */
  endpoint(codec: MessageCodec, id: number): Endpoint {
    if (codec.contextOffset !== undefined) this.#contextOffsets.set(id, codec.contextOffset);
    return { codec, id };
  }

  onEvent(messageId: number, handler: EventHandler): void {
    this.#events.set(messageId, handler);
  }

  request(
    request: Endpoint,
    reply: Endpoint,
    fields: FieldValues,
    options: ExchangeOptions,
  ): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      const parts = { send: this.#send, request, fields, timeoutMs: options.timeoutMs, resolve, reject };
      this.#inFlight.submit(new RequestExchange(parts, reply), options.signal);
    });
  }

  dump(
    request: Endpoint,
    endpoints: DumpEndpoints,
    fields: FieldValues,
    options: ExchangeOptions & DetailsLimits,
  ): Promise<readonly Record<string, unknown>[]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      const parts = { send: this.#send, request, fields, timeoutMs: options.timeoutMs, resolve, reject };
      this.#inFlight.submit(new DumpExchange(parts, endpoints, options), options.signal);
    });
  }

  /** Sends a message that nothing waits for; context 0 marks its reply as nobody's. Nothing is sent once ended. */
  send(endpoint: Endpoint, fields: FieldValues): void {
    if (this.#ended === undefined) this.#send(endpoint, fields, 0);
  }

  /**
   * Fails what is in flight and ends the connection, after `farewell` if there is one: VPP then closes its own side. That
   * matters: seeing only the end of the stream, VPP may leave the socket open and poll it with a whole core from then on
   * (it judges the end by a stale errno).
   */
  close(farewell?: { readonly endpoint: Endpoint; readonly fields: FieldValues }): void {
    if (this.#ended !== undefined) return;
    this.#closing = true;
    this.#inFlight.failAll(this.#end(`connection to ${this.#options.socketPath} closed by this program`));
    if (farewell !== undefined) this.#send(farewell.endpoint, farewell.fields, 0);
    this.#flush();
    const transport = this.#transport;
    if (farewell === undefined) transport?.close();
    else this.#cancelFarewell = this.#options.clock.after(FAREWELL_MS, () => transport?.close());
  }

  /** Ends the connection at once, because `reason` makes it useless. */
  destroy(reason: Error): void {
    if (this.#ended !== undefined) return;
    this.#inFlight.failAll(this.#end(`connection to ${this.#options.socketPath} given up: ${reason.message}`, reason));
    this.#transport?.destroy();
  }

  // All messages written in one turn of the event loop, and in the promise callbacks that follow from it, leave together:
  // a tick scheduled from a promise callback runs when no callback is left.
  readonly #send = (endpoint: Endpoint, fields: FieldValues, context: number): void => {
    const writer = this.#writer;
    const frameStart = writer.pending;
    writer.reserve(FRAME_HEADER_BYTES + MESSAGE_ID_BYTES);
    const { codec } = endpoint;
    try {
      codec.encodeInto(writer, fields);
      this.#checkLength(codec, writer.pending - frameStart - FRAME_HEADER_BYTES);
    } catch (error) {
      writer.truncate(frameStart);
      throw error;
    }
    const { buffer } = writer;
    const frame = writer.at(frameStart);
    writeFrameHeader(buffer, frame, writer.offset - frame - FRAME_HEADER_BYTES);
    const message = frame + FRAME_HEADER_BYTES + MESSAGE_ID_BYTES;
    buffer.writeUInt16BE(endpoint.id, frame + FRAME_HEADER_BYTES);
    if (codec.clientIndexOffset !== undefined)
      buffer.writeUInt32BE(this.clientIndex, message + codec.clientIndexOffset);
    if (codec.contextOffset !== undefined) buffer.writeUInt32BE(context, message + codec.contextOffset);
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      process.nextTick(this.#flush);
    }
  };

  #checkLength(codec: MessageCodec, length: number): void {
    const { maxFrameBytes } = this.#options;
    if (length > maxFrameBytes)
      throw new VppCodecError(codec.name, `${length} bytes, at most ${maxFrameBytes} are sent`);
  }

  readonly #flush = (): void => {
    this.#flushScheduled = false;
    if (this.#writer.pending > 0) this.#transport?.write(this.#writer.take());
  };

  readonly #onData = (bytes: Uint8Array): void => {
    if (this.#ended !== undefined) return;
    try {
      this.#decoder.push(bytes);
    } catch (error) {
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };

  readonly #onClose = (error: Error | undefined): void => {
    this.#cancelFarewell?.();
    const cutOff = this.#decoder.heldBytes > 0 ? ', in the middle of a message' : '';
    const reason = error === undefined ? `VPP closed the connection${cutOff}` : error.message;
    const ended = this.#ended ?? this.#end(`connection to ${this.#options.socketPath} lost: ${reason}`, error);
    this.#inFlight.failAll(ended);
    this.#resolveClosed(this.#closing ? undefined : ended);
  };

  #end(message: string, cause?: Error): VppDisconnectedError {
    this.#ended = new VppDisconnectedError(message, cause === undefined ? {} : { cause });
    return this.#ended;
  }

  readonly #receive = (messageId: number, buffer: Buffer, start: number, end: number): void => {
    if (this.#ended !== undefined) return;
    this.framesReceived++;
    this.onFrame?.();
    const offset = this.#contextOffsets.get(messageId);
    if (offset === undefined) {
      this.#events.get(messageId)?.(buffer, start, end);
    } else if (end - start < offset + CONTEXT_BYTES) {
      this.#options.onProblem(
        new VppCodecError(`message id ${messageId}`, `${end - start} bytes: too short for its context`),
      );
    } else {
      this.#inFlight.receive(buffer.readUInt32BE(start + offset), messageId, buffer, start, end);
    }
  };
}
