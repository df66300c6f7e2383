import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Watched } from '@taas/service';
import { type HttpClient, HttpError, type HttpRequest, type HttpResponse } from './http-client.js';

export interface NodeHttpOptions {
  /** PEM of the authorities to trust instead of the system's. When it changes, new connections trust the new ones. */
  readonly ca?: Watched<Buffer>;
  /** Connections to one host at a time. */
  readonly maxSockets?: number;
  /** How long an unused connection is kept, in milliseconds. */
  readonly idleMs?: number;
}

/** HTTP over node's own client, with connections kept. */
export function createNodeHttpClient({ ca, maxSockets = 64, idleMs = 30_000 }: NodeHttpOptions = {}): HttpClient {
  const common = { keepAlive: true, maxSockets, timeout: idleMs };
  const plain = new HttpAgent(common);
  const secure = new HttpsAgent(common);
  const start = (url: URL, { method, headers, body }: HttpRequest): ClientRequest => {
    const sent = {
      'accept-encoding': 'identity',
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    };
    return url.protocol === 'https:'
      ? // The agent keeps connections apart by what they trust, so that none of before a change is used after it.
        httpsRequest(url, { method, headers: sent, agent: secure, ...(ca === undefined ? {} : { ca: ca.current }) })
      : httpRequest(url, { method, headers: sent, agent: plain });
  };
  const attempt = (url: URL, request: HttpRequest, retry: boolean): Promise<HttpResponse> =>
    exchange(start(url, request), request).catch((error: unknown) => {
      // A server may close a kept connection just as we use it; that says nothing about the server.
      if (retry && error instanceof StaleConnectionError) return attempt(url, request, false);
      throw error;
    });
  return {
    request: (url, request) => attempt(new URL(url), request, request.method === 'GET' || request.repeatable === true),
    close: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}

class StaleConnectionError extends HttpError {}

function exchange(outgoing: ClientRequest, { body, signal, maxBytes }: HttpRequest): Promise<HttpResponse> {
  return new Promise<HttpResponse>((resolve, reject) => {
    const onAbort = () => fail(signal.reason);
    const settle = () => signal.removeEventListener('abort', onAbort);
    const fail = (reason: unknown) => {
      settle();
      reject(reason);
      outgoing.destroy();
    };
    if (signal.aborted) {
      outgoing.on('error', () => undefined);
      fail(signal.reason);
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    outgoing.on('error', (cause: NodeJS.ErrnoException) => {
      const stale = outgoing.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
      const failure = stale ? StaleConnectionError : HttpError;
      fail(new failure('connection', `no answer: ${cause.code ?? cause.message}`, { cause }));
    });
    outgoing.on('response', (incoming) => {
      collect(incoming, maxBytes).then((text) => {
        settle();
        resolve({ status: incoming.statusCode ?? 0, headers: firstValues(incoming), body: text });
      }, fail);
    });
    outgoing.end(body);
  });
}

function collect(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) reject(new HttpError('too-large', `the answer is longer than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    incoming.on('error', (cause) => reject(new HttpError('connection', 'the answer broke off', { cause })));
  });
}

function firstValues(incoming: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
