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

/** HTTP as a dependency. Redirects are not followed: an OpenStack endpoint that redirects is a configuration error. */
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
