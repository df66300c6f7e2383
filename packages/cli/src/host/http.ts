import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { TLSSocket } from 'node:tls';

export interface Trust {
  /** Certificates of authorities, in PEM, in place of the usual ones. */
  readonly ca?: string;
  /** A certificate of our own and its key, in PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** The other side's certificate is not checked. */
  readonly insecure?: boolean;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly trust?: Trust;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When the certificate of the other side ends, in milliseconds since 1970; absent without TLS. */
  readonly certificateEnds?: number;
}

/** @throws UnreachableError if no whole answer comes */
export type Send = (request: HttpRequest) => Promise<HttpAnswer>;

/** No whole answer has come. `code` is Node's, such as ECONNREFUSED or CERT_HAS_EXPIRED. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';

  constructor(
    readonly origin: string,
    readonly code: string,
    cause: unknown,
  ) {
    super(`${origin} does not answer: ${code}`, { cause });
  }
}

/** A list of 10,000 taps is some 10 MB. */
const mostBytes = 64 * 1024 * 1024;

/** Sends a request and reads the whole answer. Redirects are not followed: a token goes nowhere that nobody has named. */
export const sendHttp: Send = async ({ method, url, headers, body, trust = {}, timeoutMs, signal }) => {
  const { protocol, origin } = new URL(url);
  const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const { insecure, ...tls } = trust;
    const options = {
      method,
      signal: within,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) },
      ...(protocol === 'https:' ? { ...tls, rejectUnauthorized: insecure !== true } : {}),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = protocol === 'https:' ? secureRequest(url, options, resolve) : plainRequest(url, options, resolve);
      sent.once('error', reject);
      sent.end(body);
    });
    const { socket } = response;
    const certificate = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new RangeError(`an answer of more than ${mostBytes} bytes`);
      chunks.push(chunk);
    }
    const ends = certificate?.valid_to === undefined ? Number.NaN : Date.parse(certificate.valid_to);
    return {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
      body: Buffer.concat(chunks).toString('utf8'),
      ...(Number.isNaN(ends) ? {} : { certificateEnds: ends }),
    };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new UnreachableError(origin, within.aborted ? `no answer in ${timeoutMs / 1000} s` : codeOf(error), error);
  }
};

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
