import * as http from 'node:http';
import * as https from 'node:https';
import type { Clock, Watched } from '@taas/service';
import { answerTooLate, connectionLost, type GatewayError, neutronUnreachable } from './gateway-error.js';
import type { PassThroughTimeouts } from './pass-through-options.js';
import { Watchdog } from './watchdog.js';

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

/** Neutron's answer, its body still to be read. */
export interface UpstreamAnswer {
  readonly message: http.IncomingMessage;
  /** Neutron still sends, or is still read from; call it for every piece. */
  readonly alive: () => void;
  /** Breaks the connection off, and with it the body. Nothing happens once the body has ended. */
  readonly abandon: () => void;
}

/** Methods that change nothing, so that a request may be sent again (RFC 9110, section 9.2.1). */
const safe: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Connections to Neutron. */
export class Upstream {
  readonly host: string;
  readonly #module: typeof http | typeof https;
  readonly #base: http.RequestOptions & https.RequestOptions;
  readonly #prefix: string;
  readonly #pool: http.Agent;

  /** @throws TypeError for a URL that is none */
  constructor(
    neutronUrl: string,
    private readonly ca: Watched<Buffer> | undefined,
    connections: number,
    private readonly timeouts: PassThroughTimeouts,
    private readonly clock: Clock,
  ) {
    const url = new URL(neutronUrl);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new TypeError(`the URL of Neutron begins with ${url.protocol}: it must be http or https`);
    const secure = url.protocol === 'https:';
    this.#module = secure ? https : http;
    this.host = url.host;
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#base = {
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    };
    const pool = {
      keepAlive: true,
      maxSockets: connections,
      timeout: timeouts.keepAliveMs,
      scheduling: 'lifo',
    } as const;
    this.#pool = secure ? new https.Agent(pool) : new http.Agent(pool);
  }

  /**
   * Sends a request and resolves with the head of its answer.
   *
   * A kept connection may have been closed by Neutron at this very moment. So only requests that may be sent again use
   * one, and are sent again, once, by a new connection. Any other has a connection of its own from the start, and is
   * never sent twice.
   * @throws GatewayError 503 if nothing was sent, 502 or 504 if that is not known; the signal's reason
   */
  async send(request: UpstreamRequest): Promise<UpstreamAnswer> {
    const repeatable = safe.has(request.method) && !request.target.includes('_method');
    if (!repeatable) return this.#attempt(request, false);
    try {
      return await this.#attempt(request, this.#pool);
    } catch (error) {
      if (error instanceof StaleConnectionError) return this.#attempt(request, false);
      throw error;
    }
  }

  close(): void {
    this.#pool.destroy();
  }

  #attempt(request: UpstreamRequest, agent: http.Agent | false): Promise<UpstreamAnswer> {
    const { method, target, headers, body, signal } = request;
    const { connectMs, idleMs, answerMs } = this.timeouts;
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const path = this.#prefix === '' ? target : `${this.#prefix}${target}`;
      // The pool keeps connections apart by what they trust, so that none of before a change is used after it.
      const trust = this.ca === undefined ? {} : { ca: this.ca.current };
      const outgoing = this.#module.request({ ...this.#base, ...trust, agent, method, path, headers: [...headers] });
      let connected = false;
      let answered = false;
      let overdue: GatewayError | undefined;
      const watchdog = new Watchdog(this.clock, () => {
        if (!connected) overdue = neutronUnreachable();
        else overdue = answerTooLate();
        outgoing.destroy(overdue);
      });
      const onAbort = (): void => void outgoing.destroy(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      watchdog.expect(connectMs);

      outgoing.once('socket', (socket) => {
        const onConnected = (): void => {
          connected = true;
          watchdog.expect(outgoing.writableEnded ? answerMs : idleMs);
        };
        if (socket.connecting) socket.once(this.#base.protocol === 'https:' ? 'secureConnect' : 'connect', onConnected);
        else onConnected();
      });
      outgoing.once('finish', () => {
        if (connected && !answered) watchdog.expect(answerMs);
      });
      outgoing.once('response', (message) => {
        answered = true;
        watchdog.expect(idleMs);
        message.once('close', () => watchdog.stop());
        resolve({ message, alive: () => watchdog.expect(idleMs), abandon: () => void outgoing.destroy() });
      });
      outgoing.on('error', (cause) => {
        if (answered) return; // The answer's own stream tells whoever reads it.
        watchdog.stop();
        if (signal.aborted) reject(signal.reason);
        else if (overdue) reject(overdue);
        else if (!connected) reject(neutronUnreachable({ cause }));
        else if (agent !== false && outgoing.reusedSocket) reject(new StaleConnectionError({ cause }));
        else reject(connectionLost({ cause }));
      });
      outgoing.once('close', () => {
        signal.removeEventListener('abort', onAbort);
      });
      outgoing.end(body.length > 0 ? body : undefined);
    });
  }
}

class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
  constructor(options: ErrorOptions) {
    super('Neutron had closed the connection', options);
  }
}
