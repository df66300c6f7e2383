import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

/** The head of an answer, its body still to be read. */
export interface TransportAnswer {
  readonly status: number;
  readonly statusMessage: string;
  readonly headers: IncomingHttpHeaders;
  /** Name, value, name, value: spelling and order as received. */
  readonly rawHeaders: readonly string[];
  /** Destroying it breaks the connection off. */
  readonly body: Readable;
}
