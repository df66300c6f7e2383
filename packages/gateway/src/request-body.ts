import type { IncomingMessage } from 'node:http';
import type { BodyRoom } from './body-room.js';
import type { Client } from './clients.js';
import {
  bodyRoomFull,
  bodyTooLarge,
  bodyTooSlow,
  chunkedBodyTooLarge,
  strangersBodyTooLarge,
} from './gateway-error.js';

/** What Neutron is sent after the headers. */
export interface RequestBody {
  /** In bytes; null: the request says nothing of a body. */
  readonly length: number | null;
  readonly bytes: Buffer;
  /** To be called when the bytes are not needed any more. */
  readonly release: () => void;
}

export interface RequestBodyLimits {
  readonly bodyBytes: number;
  readonly chunkedBodyBytes: number;
  readonly strangerBodyBytes: number;
  /** Between two pieces. */
  readonly idleMs: number;
  /** For the whole of it. */
  readonly bodyMs: number;
}

/** Methods whose requests say "no body" by a length of 0 rather than by silence (RFC 9110, section 8.6). */
const withBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** The first piece of memory that a body is given, in bytes. */
const firstBytes = 4 * 1024;

/**
 * Reads the whole body, before anything at Neutron is taken for it: a client that sends slowly, or nothing more, has
 * nothing that others need. What is held for it is counted before it is held.
 * @throws GatewayError 413 for too large a body, 400 for one that stops arriving, 503 if there is no room for it; the
 *   signal's reason
 */
export async function requestBody(
  request: IncomingMessage,
  client: Client,
  room: BodyRoom,
  limits: RequestBodyLimits,
  signal: AbortSignal,
): Promise<RequestBody> {
  const { headers } = request;
  const chunked = headers['transfer-encoding'] !== undefined;
  const given = headers['content-length'];
  const none = { bytes: Buffer.alloc(0), release: () => undefined };
  if (!chunked && given === undefined) return { length: withBody.has(request.method ?? '') ? 0 : null, ...none };
  const length = chunked ? null : Number(given);
  if (length === 0) return { length, ...none };
  if (length !== null && length > limits.bodyBytes) throw bodyTooLarge(limits.bodyBytes);
  if (length !== null && !client.known && length > limits.strangerBodyBytes) {
    throw strangersBodyTooLarge(limits.strangerBodyBytes);
  }
  const most = chunked ? limits.chunkedBodyBytes : limits.bodyBytes;
  return heldBody(request, { client, room, most, length, limits, signal });
}

interface Held {
  readonly client: Client;
  readonly room: BodyRoom;
  /** Most bytes of a chunked body. */
  readonly most: number;
  /** As the headers say; null: chunked. */
  readonly length: number | null;
  readonly limits: RequestBodyLimits;
  readonly signal: AbortSignal;
}

function heldBody(request: IncomingMessage, held: Held): Promise<RequestBody> {
  const { client, room, most, length, limits, signal } = held;
  return new Promise((resolve, reject) => {
    let memory = Buffer.alloc(0);
    let size = 0;
    const settle = (work: () => void): void => {
      for (const timer of [idle, whole]) clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onError);
      signal.removeEventListener('abort', onAbort);
      work();
    };
    const refuse = (error: unknown): void =>
      settle(() => {
        request.pause();
        memory = Buffer.alloc(0);
        holding.release();
        reject(error);
      });
    const holding = room.open(client, refuse);
    /** Copies pieces into one piece of memory: many small ones would cost far more than their bytes. */
    const fits = (wanted: number): boolean => {
      if (wanted <= memory.length) return true;
      const larger = Math.max(wanted, Math.min(Math.max(firstBytes, memory.length * 2), length ?? most));
      if (!holding.grow(larger - memory.length)) return false;
      const grown = Buffer.allocUnsafeSlow(larger);
      memory.copy(grown, 0, 0, size);
      memory = grown;
      return true;
    };
    const onData = (chunk: Buffer): void => {
      const wanted = size + chunk.length;
      if (wanted > most) refuse(chunkedBodyTooLarge(most));
      else if (!fits(wanted)) refuse(bodyRoomFull());
      else {
        chunk.copy(memory, size);
        size = wanted;
        idle.refresh();
      }
    };
    const onEnd = (): void =>
      settle(() => {
        holding.whole();
        resolve({ length: size, bytes: memory.subarray(0, size), release: () => holding.release() });
      });
    const onError = (error: unknown): void => refuse(error);
    const onAbort = (): void => refuse(signal.reason);
    const idle = setTimeout(() => refuse(bodyTooSlow()), limits.idleMs);
    const whole = setTimeout(() => refuse(bodyTooSlow()), limits.bodyMs);
    signal.addEventListener('abort', onAbort, { once: true });
    request.on('data', onData).on('end', onEnd).on('error', onError);
  });
}
