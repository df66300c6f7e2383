import type { IncomingMessage } from 'node:http';
import type { Clock } from '@taas/service';
import { bodyTooLarge, bodyTooSlow, chunkedBodyTooLarge } from './gateway-error.js';
import { Watchdog } from './watchdog.js';

/** What Neutron is sent after the headers. */
export interface RequestBody {
  /** In bytes; null: the request says nothing of a body. */
  readonly length: number | null;
  /** The body where it had to be held; null: it is still to be read from the request. */
  readonly held: Buffer | null;
}

export interface RequestBodyLimits {
  readonly bodyBytes: number;
  readonly chunkedBodyBytes: number;
  readonly idleMs: number;
}

/** Methods whose requests say "no body" by a length of 0 rather than by silence (RFC 9110, section 8.6). */
const withBody: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Finds the body's length before any of it is sent on; only a chunked body must be read for that.
 * @throws GatewayError 413 for too large a body, 400 for one that stops arriving; the signal's reason
 */
export async function requestBody(
  request: IncomingMessage,
  limits: RequestBodyLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<RequestBody> {
  const { headers } = request;
  if (headers['transfer-encoding'] !== undefined) {
    const held = await heldBody(request, limits, clock, signal);
    return { length: held.length, held };
  }
  if (headers['content-length'] === undefined)
    return { length: withBody.has(request.method ?? '') ? 0 : null, held: Buffer.alloc(0) };
  const length = Number(headers['content-length']);
  if (length > limits.bodyBytes) throw bodyTooLarge(limits.bodyBytes);
  return { length, held: length === 0 ? Buffer.alloc(0) : null };
}

function heldBody(
  request: IncomingMessage,
  limits: RequestBodyLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<Buffer> {
  const { chunkedBodyBytes, idleMs } = limits;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (work: () => void): void => {
      watchdog.stop();
      request.off('data', onData).off('end', onEnd).off('error', onError);
      signal.removeEventListener('abort', onAbort);
      work();
    };
    const refuse = (error: unknown): void =>
      settle(() => {
        request.pause();
        reject(error);
      });
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > chunkedBodyBytes) {
        refuse(chunkedBodyTooLarge(chunkedBodyBytes));
        return;
      }
      chunks.push(chunk);
      watchdog.expect(idleMs);
    };
    const onEnd = (): void => settle(() => resolve(Buffer.concat(chunks, size)));
    const onError = (error: unknown): void => refuse(error);
    const onAbort = (): void => refuse(signal.reason);
    const watchdog = new Watchdog(clock, () => refuse(bodyTooSlow()));
    watchdog.expect(idleMs);
    signal.addEventListener('abort', onAbort, { once: true });
    request.on('data', onData).on('end', onEnd).on('error', onError);
  });
}
