import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { UpstreamUnavailableError } from '@taas/keystone';

export interface NeutronUpstreamOptions {
  /** Neutron's endpoint without `/v2.0`, such as `http://neutron.example:9696`. */
  readonly url: string;
  /** PEM of the authorities to trust instead of the system's. */
  readonly ca?: string | undefined;
  /** How long Neutron may be silent, in ms. */
  readonly silenceMs: number;
  /** Largest answer that is read whole to be changed, in bytes. */
  readonly maxBytes: number;
}

export interface WholeAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface PassedOn {
  readonly method: string;
  /** As the client sent it, with its query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
}

/** Neutron's own API as clients' requests reach it: nothing is added, nothing is understood. */
export class NeutronUpstream {
  readonly #base: URL;
  readonly #secure: boolean;
  readonly #kept: HttpAgent | HttpsAgent;
  readonly #fresh: HttpAgent | HttpsAgent;

  /** @throws TypeError for a URL that is none */
  constructor(private readonly options: NeutronUpstreamOptions) {
    this.#base = new URL(options.url);
    this.#secure = this.#base.protocol === 'https:';
    const common = options.ca === undefined ? {} : { ca: options.ca };
    const agent = (keepAlive: boolean) =>
      this.#secure ? new HttpsAgent({ keepAlive, ...common }) : new HttpAgent({ keepAlive });
    this.#kept = agent(true);
    // A kept connection may be closed by Neutron just as a request goes out, and a body cannot be sent twice.
    this.#fresh = agent(false);
  }

  /**
   * Sends a request on. With a body, the caller pipes it in and ends it; without, it is sent here, again if need be.
   * @throws UpstreamUnavailableError when no answer begins
   */
  async send(
    what: PassedOn,
    body: { readonly pipe: (to: ClientRequest) => void } | Buffer | null,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    if (body !== null && !Buffer.isBuffer(body)) return this.#attempt(what, body.pipe, this.#fresh, signal);
    const end = (to: ClientRequest) => void to.end(body ?? undefined);
    if (body !== null) return this.#attempt(what, end, this.#fresh, signal);
    try {
      return await this.#attempt(what, end, this.#kept, signal);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      return this.#attempt(what, end, this.#fresh, signal);
    }
  }

  /** As {@link send}, and the answer read whole. */
  async ask(what: PassedOn, body: Buffer | null, signal: AbortSignal): Promise<WholeAnswer> {
    // What is to be changed must not be compressed.
    const headers = { ...what.headers, 'accept-encoding': 'identity' };
    const answer = await this.send({ ...what, headers }, body, signal);
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > this.options.maxBytes)
          throw this.#unavailable('bad-answer', `it is over ${this.options.maxBytes} bytes`);
        chunks.push(chunk);
      }
    } catch (cause) {
      if (cause instanceof UpstreamUnavailableError) throw cause;
      throw this.#unavailable('no-answer', 'its answer broke off', cause);
    }
    return { status: answer.statusCode ?? 502, headers: answer.headers, body: Buffer.concat(chunks) };
  }

  close(): void {
    this.#kept.destroy();
    this.#fresh.destroy();
  }

  #attempt(
    { method, url, headers }: PassedOn,
    body: (to: ClientRequest) => void,
    agent: HttpAgent | HttpsAgent,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port, pathname } = this.#base;
      const path = pathname.replace(/\/+$/, '') + url;
      const start = this.#secure ? httpsRequest : httpRequest;
      const target = { hostname: hostname.replace(/^\[|\]$/g, ''), port, path, method, headers, agent, signal };
      const outgoing = start({ ...target, setHost: false, timeout: this.options.silenceMs });
      outgoing.on('timeout', () => outgoing.destroy(this.#unavailable('timeout', 'it was silent for too long')));
      outgoing.on('error', (cause: NodeJS.ErrnoException) => {
        if (cause instanceof UpstreamUnavailableError) reject(cause);
        else if (outgoing.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE')) {
          reject(new StaleConnectionError('Neutron has closed a kept connection', { cause }));
        } else reject(this.#unavailable('no-answer', `no answer: ${cause.code ?? cause.message}`, cause));
      });
      outgoing.on('response', resolve);
      body(outgoing);
    });
  }

  #unavailable(reason: 'no-answer' | 'timeout' | 'bad-answer', detail: string, cause?: unknown) {
    return new UpstreamUnavailableError('Neutron', reason, detail, null, { cause });
  }
}

class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}
