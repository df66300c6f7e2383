import { VppCodecError, VppDumpTooLargeError, VppRetvalError } from './errors.js';
import type { Exchange } from './in-flight.js';
import type { FieldValues, MessageCodec } from './message-codec.js';

/** A message with the id that this VPP gave it. */
export interface Endpoint {
  readonly codec: MessageCodec;
  readonly id: number;
}

/** Writes one message towards VPP. */
export type SendMessage = (endpoint: Endpoint, fields: FieldValues, context: number) => void;

export interface ExchangeParts<T> {
  readonly send: SendMessage;
  readonly request: Endpoint;
  readonly fields: FieldValues;
  readonly timeoutMs: number;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A request with one reply. A negative retval in the reply fails it. */
export class RequestExchange implements Exchange {
  readonly contexts = 1;
  readonly #parts: ExchangeParts<Record<string, unknown>>;
  readonly #reply: Endpoint;

  constructor(parts: ExchangeParts<Record<string, unknown>>, reply: Endpoint) {
    this.#parts = parts;
    this.#reply = reply;
  }

  get messageName(): string {
    return this.#parts.request.codec.name;
  }

  get timeoutMs(): number {
    return this.#parts.timeoutMs;
  }

  start(context: number): void {
    this.#parts.send(this.#parts.request, this.#parts.fields, context);
  }

  receive(_context: number, messageId: number, buffer: Buffer, start: number, end: number): boolean {
    if (messageId !== this.#reply.id) {
      this.fail(unexpected(this.messageName, messageId, this.#reply));
      return true;
    }
    try {
      const reply = this.#reply.codec.decodeRange(buffer, start, end);
      const retval = reply['retval'];
      if (typeof retval === 'number' && retval < 0) this.fail(new VppRetvalError(this.messageName, retval));
      else this.#parts.resolve(reply);
    } catch (error) {
      this.fail(error);
    }
    return true;
  }

  fail(error: unknown): void {
    this.#parts.reject(error);
  }
}

export interface DumpEndpoints {
  readonly details: Endpoint;
  readonly ping: Endpoint;
  readonly pingReply: Endpoint;
}

export interface DetailsLimits {
  readonly maxDetails: number;
  /** Takes details that cannot be read; undefined: they fail the dump. */
  readonly unreadable: ((error: VppCodecError, known: FieldValues) => void) | undefined;
}

/**
 * A dump and a control_ping behind it. VPP answers in order, so the ping's reply says that no details follow; a dump of
 * nothing has no other end.
 */
export class DumpExchange implements Exchange {
  readonly contexts = 2;
  readonly #parts: ExchangeParts<readonly Record<string, unknown>[]>;
  readonly #endpoints: DumpEndpoints;
  readonly #limits: DetailsLimits;
  readonly #details: Record<string, unknown>[] = [];

  constructor(
    parts: ExchangeParts<readonly Record<string, unknown>[]>,
    endpoints: DumpEndpoints,
    limits: DetailsLimits,
  ) {
    this.#parts = parts;
    this.#endpoints = endpoints;
    this.#limits = limits;
  }

  get messageName(): string {
    return this.#parts.request.codec.name;
  }

  get timeoutMs(): number {
    return this.#parts.timeoutMs;
  }

  start(context: number): void {
    this.#parts.send(this.#parts.request, this.#parts.fields, context);
    this.#parts.send(this.#endpoints.ping, {}, context + 1);
  }

  receive(_context: number, messageId: number, buffer: Buffer, start: number, end: number): boolean {
    const { details, pingReply } = this.#endpoints;
    if (messageId === pingReply.id) {
      this.#parts.resolve(this.#details);
      return true;
    }
    try {
      if (messageId !== details.id) throw unexpected(this.messageName, messageId, details);
      const { maxDetails } = this.#limits;
      if (this.#details.length >= maxDetails) throw new VppDumpTooLargeError(this.messageName, maxDetails);
      const read = this.#read(buffer, start, end);
      if (read) this.#details.push(read);
      return false;
    } catch (error) {
      this.fail(error);
      return true;
    }
  }

  /** @returns undefined for details that cannot be read, if somebody has taken them */
  #read(buffer: Buffer, start: number, end: number): Record<string, unknown> | undefined {
    const { codec } = this.#endpoints.details;
    try {
      return codec.decodeRange(buffer, start, end);
    } catch (error) {
      const { unreadable } = this.#limits;
      if (!unreadable || !(error instanceof VppCodecError)) throw error;
      unreadable(error, codec.decodeKnown(buffer, start, end));
      return undefined;
    }
  }

  fail(error: unknown): void {
    this.#parts.reject(error);
  }
}

function unexpected(messageName: string, messageId: number, expected: Endpoint): VppCodecError {
  return new VppCodecError(
    messageName,
    `answered by message id ${messageId}, expected ${expected.codec.name} (${expected.id})`,
  );
}
