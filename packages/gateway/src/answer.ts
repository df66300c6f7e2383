import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { type TransportAnswer, wholeBody } from '@taas/upstream';
import { connectionLost, type GatewayError } from './gateway-error.js';
import { type RawHeaders, responseHeaders } from './header-rules.js';

/**
 * Neutron's answer to the client, piece by piece, no faster than the client reads.
 * @throws the signal's reason; GatewayError 502 when Neutron stops in the middle
 */
export async function passOn(answer: TransportAnswer, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { body } = answer;
  let broken = false;
  body.once('error', () => {
    broken = !signal.aborted;
  });
  try {
    signal.throwIfAborted();
    writeHead(response, answer, responseHeaders(answer.rawHeaders));
    if (body.readableEnded) {
      response.end();
      return;
    }
    await pipeline(body, response);
  } catch (cause) {
    body.destroy();
    throw signal.aborted && !broken ? signal.reason : connectionLost({ cause });
  }
}

/**
 * The whole body of an answer.
 * @throws GatewayError 502 if it is longer than `limit` bytes, or ends too early
 */
export async function collected(answer: TransportAnswer, limit: number): Promise<Buffer> {
  try {
    return await wholeBody(answer.body, limit);
  } catch (cause) {
    throw connectionLost({ cause });
  }
}

/** Another body under the head of Neutron's answer. */
export function answerJson(response: ServerResponse, answer: TransportAnswer, body: Buffer): void {
  const kept = responseHeaders(answer.rawHeaders, new Set(['content-length', 'etag']));
  writeHead(response, answer, [...kept, 'Content-Length', String(body.length)]);
  response.end(body);
}

/** An answer of our own. */
export function answerError(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  error: GatewayError,
): void {
  const body = Buffer.from(JSON.stringify(error.body));
  response.writeHead(error.status, [
    ...['Content-Type', 'application/json', 'Content-Length', String(body.length)],
    ...['X-Openstack-Request-Id', requestId],
    ...closeIfUnread(request),
  ]);
  response.end(body);
}

function writeHead(response: ServerResponse, answer: TransportAnswer, headers: RawHeaders): void {
  response.sendDate = answer.headers.date === undefined;
  response.writeHead(answer.status, answer.statusMessage, [...headers, ...closeIfUnread(response.req)]);
}

/** What is left of a request's body cannot be told from the next request. */
const closeIfUnread = (request: IncomingMessage): readonly string[] =>
  request.complete ? [] : ['Connection', 'close'];
