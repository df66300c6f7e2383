import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/** A request as the routes see it. */
export interface ApiRequest {
  readonly method: string;
  /** As the client sent it. */
  readonly url: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  /** What it came as, but for its body, which has been read, and its URL. */
  readonly raw: IncomingMessage;
  readonly body: Buffer;
  /** Scheme and host that the client has used, for links. */
  readonly origin: string;
  readonly signal: AbortSignal;
  /** Calls back, at least once, when the answer has been sent or nobody waits for it any more. */
  readonly whenAnswered: (done: () => void) => void;
}

export interface ApiAnswer {
  readonly status: number;
  /** Sent as JSON; none for 204. */
  readonly body?: unknown;
  /** Instead of `body`: JSON already, in pieces that follow one another. */
  readonly json?: readonly Buffer[];
  /** Instead of `body`: bytes as they come, of the type that `headers` name. It is destroyed when the client goes. */
  readonly stream?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
}
