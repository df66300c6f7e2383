import type { Watched } from '@taas/service';
import { createTransport, type Transport, type TransportAnswer, TransportError } from '@taas/upstream';
import { answerTooLate, cannotBeSent, connectionLost, neutronUnreachable } from './gateway-error.js';
import type { PassThroughTimeouts } from './pass-through-options.js';

export interface UpstreamRequest {
  readonly method: string;
  /** Bytes of the request target, percent-encoding and all. */
  readonly target: string;
  readonly headers: readonly string[];
  /** The whole body; it has the length that the headers say. */
  readonly body: Buffer;
  /** Breaks the connection off. */
  readonly signal: AbortSignal;
}

/** Methods that change nothing, so that a request may be sent again (RFC 9110, section 9.2.1). */
const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Connections to Neutron. */
export class Upstream {
  readonly host: string;
  readonly #origin: string;
  readonly #prefix: string;
  readonly #transport: Transport;

  /** @throws TypeError for a URL that is none */
  constructor(neutronUrl: string, ca: Watched<Buffer> | undefined, connections: number, timeouts: PassThroughTimeouts) {
    const url = new URL(neutronUrl);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new TypeError(`the URL of Neutron begins with ${url.protocol}: it must be http or https`);
    this.host = url.host;
    this.#origin = url.origin;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#transport = createTransport({ ca, connections, ...timeouts });
  }

  /**
   * Sends a request and resolves with the head of its answer.
   *
   * A kept connection may have been closed by Neutron at this very moment. So only requests that may be sent again use
   * one, and are sent again, once, by a new connection. Any other has a connection of its own from the start, and is
   * never sent twice.
   * @throws GatewayError 503 if nothing was sent, 502 or 504 if that is not known; the signal's reason
   */
  async send({ method, target, headers, body, signal }: UpstreamRequest): Promise<TransportAnswer> {
    const repeatable = safe.has(method) && !target.includes('_method');
    try {
      return await this.#transport.send({
        origin: this.#origin,
        method,
        path: `${this.#prefix}${target}`,
        headers,
        signal,
        ...{ body: body.length > 0 ? body : null, own: !repeatable, repeatable },
      });
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (!(cause instanceof TransportError)) throw connectionLost({ cause });
      if (cause.kind === 'unreachable') throw neutronUnreachable({ cause });
      if (cause.kind === 'unsendable') throw cannotBeSent({ cause });
      throw cause.kind === 'late' ? answerTooLate() : connectionLost({ cause });
    }
  }

  close(): void {
    this.#transport.close();
  }
}
