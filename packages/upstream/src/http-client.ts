import type { IncomingHttpHeaders } from 'node:http';
import type { Watched } from '@taas/service';
import { createTransport } from './transport.js';
import { TransportError } from './transport-error.js';
import { TooLongError, wholeBody } from './whole-body.js';

/** One HTTP request. Every request has an end: `signal` carries the deadline. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Whether it may be sent again if a kept connection turns out to be closed; a GET always may. */
  readonly repeatable?: boolean;
  /** An answer with a longer body is refused and its connection closed. */
  readonly maxBytes: number;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** HTTP as a dependency, for answers that are taken whole. Redirects are not followed: an OpenStack endpoint that redirects is a configuration error. */
export interface HttpClient {
  /** @throws HttpError, or the signal's reason when it aborts. */
  request(url: string, request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections. */
  close(): void;
}

/** No whole answer came. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly kind: 'connection' | 'too-large',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface HttpClientOptions {
  /** PEM of the authorities to trust instead of the system's. When it changes, new connections trust the new ones. */
  readonly ca?: Watched<Buffer>;
  /** Connections to one host at a time. */
  readonly connections?: number;
  /** How long an unused connection is kept, in milliseconds. */
  readonly keepAliveMs?: number;
}

/** The caller's signal carries the deadline; these only keep what has none from hanging for ever. */
const longest = { connectMs: 10_000, answerMs: 300_000, idleMs: 300_000 };

export function createHttpClient({ ca, connections = 64, keepAliveMs = 30_000 }: HttpClientOptions = {}): HttpClient {
  const transport = createTransport({ ca, connections, keepAliveMs, ...longest });
  return {
    request: async (url, { method, headers, body, signal, repeatable, maxBytes }) => {
      const { origin, pathname, search } = new URL(url);
      const sent = { 'accept-encoding': 'identity', ...headers };
      try {
        const answer = await transport.send({
          origin,
          method,
          signal,
          path: `${pathname}${search}`,
          headers: Object.entries(sent).flat(),
          body: body === undefined ? null : Buffer.from(body),
          repeatable: repeatable === true || method === 'GET',
        });
        const whole = await wholeBody(answer.body, maxBytes);
        await connectionReturned();
        return { status: answer.status, headers: firstValues(answer.headers), body: whole.toString('utf8') };
      } catch (cause) {
        if (signal.aborted) throw signal.reason;
        if (cause instanceof TooLongError) throw new HttpError('too-large', cause.message);
        if (cause instanceof TransportError) throw new HttpError('connection', cause.message, { cause });
        throw cause;
      }
    },
    close: () => transport.close(),
  };
}

/** undici takes a connection back at the next turn of the event loop: whoever asks again before would open another one. */
function connectionReturned(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

function firstValues(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}
