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
  /** Takes the body of a 2xx as it comes, however long that takes; the answer's own is empty then. */
  readonly onChunk?: (chunk: Uint8Array) => Promise<void>;
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
