import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { connectionLost, type GatewayError } from './gateway-error.js';
import { type RawHeaders, responseHeaders } from './header-rules.js';
import type { UpstreamAnswer } from './upstream.js';

/**
 * Neutron's answer to the client, piece by piece, no faster than the client reads.
 * @throws the signal's reason; GatewayError 502 when Neutron stops in the middle
 */
export async function passOn(answer: UpstreamAnswer, response: ServerResponse, signal: AbortSignal): Promise<void> {
  const { message } = answer;
  let broken = false;
  message.once('error', () => {
    broken = !signal.aborted;
  });
  try {
    signal.throwIfAborted();
    writeHead(response, message, responseHeaders(message.rawHeaders));
    if (message.readableEnded) {
      response.end();
      return;
    }
    message.on('data', answer.alive);
    await pipeline(message, response);
    // An answer that came before the whole request leaves Neutron waiting for the rest.
    if (!response.req.complete) answer.abandon();
  } catch (cause) {
    answer.abandon();
    throw signal.aborted && !broken ? signal.reason : connectionLost({ cause });
  }
}

/**
 * The whole body of an answer.
 * @throws GatewayError 502 if it is longer than `limit` bytes, or ends too early
 */
export async function collected(answer: UpstreamAnswer, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.message) {
      answer.alive();
      size += (chunk as Buffer).length;
      if (size > limit) throw new RangeError(`Neutron's answer is longer than ${limit} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (cause) {
    answer.abandon();
    throw connectionLost({ cause });
  }
  return Buffer.concat(chunks, size);
}

/** Another body under the head of Neutron's answer. */
export function answerJson(response: ServerResponse, message: IncomingMessage, body: Buffer): void {
  const kept = responseHeaders(message.rawHeaders, new Set(['content-length', 'etag']));
  writeHead(response, message, [...kept, 'Content-Length', String(body.length)]);
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

function writeHead(response: ServerResponse, message: IncomingMessage, headers: RawHeaders): void {
  response.sendDate = message.headers.date === undefined;
  const { statusCode = 502, statusMessage } = message;
  response.writeHead(statusCode, statusMessage ?? '', [...headers, ...closeIfUnread(response.req)]);
}

/** What is left of a request's body cannot be told from the next request. */
const closeIfUnread = (request: IncomingMessage): readonly string[] =>
  request.complete ? [] : ['Connection', 'close'];
