import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { UpstreamUnavailableError } from '@taas/keystone';

export interface NeutronUpstreamOptions {
  /** Neutron's endpoint without `/v2.0`, such as `http://neutron.example:9696`. */
  readonly url: string;
  /** PEM file of the authorities to trust instead of the system's. Read once. */
  readonly caFile?: string | undefined;
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

/**
 * Asks Neutron in a client's name where the answer is part of ours: quotas, and what extensions there are. All other
 * requests go through the gateway.
 */
export class NeutronUpstream {
  readonly #base: URL;
  readonly #secure: boolean;
  readonly #kept: HttpAgent | HttpsAgent;
  readonly #fresh: HttpAgent | HttpsAgent;

  /** @throws TypeError for a URL that is none; the file system's error if `caFile` cannot be read */
  constructor(readonly options: NeutronUpstreamOptions) {
    this.#base = new URL(options.url);
    this.#secure = this.#base.protocol === 'https:';
    const common = options.caFile === undefined ? {} : { ca: readFileSync(options.caFile, 'utf8') };
    const agent = (keepAlive: boolean) =>
      this.#secure ? new HttpsAgent({ keepAlive, ...common }) : new HttpAgent({ keepAlive });
    this.#kept = agent(true);
    // A kept connection may be closed by Neutron just as a request goes out, and a body cannot be sent twice.
    this.#fresh = agent(false);
  }

  /**
   * Sends a request on and reads the answer whole. One without a body is sent again if a kept connection was closed.
   * @throws UpstreamUnavailableError when no answer comes, or too large a one
   */
  async ask(what: PassedOn, body: Buffer | null, signal: AbortSignal): Promise<WholeAnswer> {
    // What is to be changed must not be compressed.
    const headers = { ...what.headers, 'accept-encoding': 'identity' };
    const answer = await this.#send({ ...what, headers }, body, signal);
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

  async #send(what: PassedOn, body: Buffer | null, signal: AbortSignal): Promise<IncomingMessage> {
    if (body !== null) return this.#attempt(what, body, this.#fresh, signal);
    try {
      return await this.#attempt(what, null, this.#kept, signal);
    } catch (error) {
      if (!(error instanceof StaleConnectionError)) throw error;
      return this.#attempt(what, null, this.#fresh, signal);
    }
  }

  #attempt(
    { method, url, headers }: PassedOn,
    body: Buffer | null,
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
      outgoing.end(body ?? undefined);
    });
  }

  #unavailable(reason: 'no-answer' | 'timeout' | 'bad-answer', detail: string, cause?: unknown) {
    return new UpstreamUnavailableError('Neutron', reason, detail, null, { cause });
  }
}

class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}
