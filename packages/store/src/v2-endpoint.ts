import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { EtcdSettings } from './etcd-options.js';
import { StoreError } from './store-error.js';

export interface V2Answer {
  readonly status: number;
  /** The server's index when it answered; of a watch, when it began. */
  readonly index: number;
  readonly clusterId: string;
  /** Null if the server began to answer and then was silent, as with a watch of which there is no news. */
  readonly body: string | null;
}

/** The server did not go on within its time. */
class SilenceError extends Error {
  override readonly name = 'SilenceError';
}

/** Characters of an answer; a directory with more cannot be followed. */
const maxBodyLength = 256 * 1024 * 1024;

/** The HTTP connections to one etcd server. */
export class V2Endpoint {
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;

  constructor(
    readonly url: string,
    private readonly settings: EtcdSettings,
  ) {
    const secure = url.startsWith('https:');
    this.#agent = secure ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
    this.#request = secure ? httpsRequest : httpRequest;
  }

  /**
   * One GET. The server has its usual time to begin to answer, and `silenceMs` for each pause in the answer's body.
   * @throws StoreError `unavailable` or `too-large`, node's errors, the signal's reason
   */
  async get(path: string, silenceMs: number, signal: AbortSignal): Promise<V2Answer> {
    signal.throwIfAborted();
    const scope = new AbortController();
    const onAbort = () => scope.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const { requestTimeoutMs } = this.settings;
      const response = await this.#within(requestTimeoutMs, scope, () => this.#begin(path, scope.signal));
      const { headers, statusCode: status = 0 } = response;
      const head = {
        status,
        index: Number(headers['x-etcd-index'] ?? 0),
        clusterId: String(headers['x-etcd-cluster-id']),
      };
      return { ...head, body: await this.#body(response, silenceMs, scope) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof SilenceError) throw new StoreError('unavailable', `etcd at ${this.url}: ${error.message}`);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      scope.abort(new StoreError('closed', 'the request is over'));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #headers(): Record<string, string> {
    const credentials = this.settings.secrets.credentials?.current;
    const login = credentials && Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
    return { accept: 'application/json', ...(login === undefined ? {} : { authorization: `Basic ${login}` }) };
  }

  #begin(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { tls } = this.settings.secrets;
      // The agent keeps connections apart by what they trust and show, so that none of before a change is used after it.
      const options = { ...tls.current, agent: this.#agent, headers: this.#headers() };
      const request = this.#request(new URL(path, this.url), options);
      const onAbort = () => request.destroy(asError(signal.reason));
      signal.addEventListener('abort', onAbort, { once: true });
      request.once('close', () => signal.removeEventListener('abort', onAbort));
      // Stays for the request's whole life: an 'error' that nobody listens to would end the process.
      request.on('error', reject);
      request.once('response', resolve);
      request.end();
    });
  }

  async #body(response: IncomingMessage, silenceMs: number, scope: AbortController): Promise<string | null> {
    response.setEncoding('utf8');
    const chunks = response[Symbol.asyncIterator]();
    let body = '';
    for (;;) {
      try {
        const chunk = await this.#within<IteratorResult<string>>(silenceMs, scope, () => chunks.next());
        if (chunk.done) return body;
        body += chunk.value;
      } catch (error) {
        if (error instanceof SilenceError && body === '') return null;
        throw error;
      }
      if (body.length > maxBodyLength)
        throw new StoreError('too-large', `etcd at ${this.url}: an answer has more than ${maxBodyLength} characters`);
    }
  }

  /** Waits for something to happen, and ends the request if it does not. @throws SilenceError */
  async #within<T>(ms: number, scope: AbortController, happens: () => Promise<T>): Promise<T> {
    const done = new AbortController();
    const late = this.settings.clock.sleep(ms, done.signal).then(
      () => scope.abort(new SilenceError(`nothing was heard for ${ms} ms`)),
      () => undefined, // It happened in time.
    );
    try {
      return await happens();
    } catch (error) {
      throw scope.signal.aborted ? scope.signal.reason : error;
    } finally {
      done.abort(new SilenceError('it happened in time'));
      await late;
    }
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
