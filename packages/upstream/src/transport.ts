import type { Watched } from '@taas/service';
import { Agent, Client, type Dispatcher, Pool } from 'undici';
import { Exchange, type KeptConnection } from './exchange.js';
import type { TransportAnswer } from './transport-answer.js';
import { TransportError } from './transport-error.js';

export interface TransportOptions {
  /** PEM of the authorities to trust instead of the system's. When it changes, new connections trust the new ones. */
  readonly ca?: Watched<Buffer> | undefined;
  /** Kept connections to one origin. */
  readonly connections: number;
  /** Until a connection stands, in ms. */
  readonly connectMs: number;
  /** From the end of a request until the head of its answer, in ms. */
  readonly answerMs: number;
  /** Between two pieces of an answer, in ms; it does not run while nobody reads. */
  readonly idleMs: number;
  /** How long an unused connection is kept, in ms. */
  readonly keepAliveMs: number;
}

export interface TransportRequest {
  /** Such as `https://host:9696`. */
  readonly origin: string;
  readonly method: string;
  /** The request target, byte for byte. */
  readonly path: string;
  /** Name, value, name, value: sent as they are, in this order. */
  readonly headers: readonly string[];
  readonly body: Buffer | null;
  /** Breaks the request off. */
  readonly signal: AbortSignal;
  /** By a connection of its own, which cannot have been closed at this very moment. */
  readonly own?: boolean;
  /** Sent once more, by a connection of its own, if the kept one turns out to be closed. */
  readonly repeatable: boolean;
}

/** HTTP/1.1 requests over undici, their bodies streamed. Redirects are not followed. */
export interface Transport {
  /** @throws TransportError; the signal's reason */
  send(request: TransportRequest): Promise<TransportAnswer>;
  /** Breaks everything off. */
  close(): void;
}

export function createTransport(options: TransportOptions): Transport {
  let trusted = options.ca?.current;
  let kept = keptConnections(options);
  const closed = new AbortController();

  const attempt = (request: TransportRequest, own: boolean): Promise<TransportAnswer> => {
    if (options.ca?.current !== trusted) {
      trusted = options.ca?.current;
      // What is in progress ends as it began; nothing new goes by a connection of before the change.
      kept.close().catch(() => undefined);
      kept = keptConnections(options);
    }
    const exchange = new Exchange(request.signal, closed.signal);
    const { origin, path, body } = request;
    const method = request.method as Dispatcher.HttpMethod;
    const sent: Tagged = { origin, path, method, headers: [...request.headers], body, reset: own, exchange };
    if (!own) kept.dispatch(sent, exchange);
    else {
      const connection = new Client(origin, clientOptions(options));
      connection.dispatch(sent, exchange);
      exchange.endsWith(connection);
    }
    return exchange.answer;
  };

  return {
    send: async (request) => {
      request.signal.throwIfAborted();
      const own = request.own === true;
      try {
        return await attempt(request, own);
      } catch (error) {
        const stale = error instanceof TransportError && error.kind === 'stale';
        if (!stale) throw error;
        if (request.repeatable) return attempt(request, true);
        throw new TransportError('lost', error.message, { cause: error.cause });
      }
    },
    close: () => {
      closed.abort(new TransportError('lost', 'the program has closed the connection'));
      kept.destroy().catch(() => undefined);
    },
  };
}

function clientOptions({ ca, connectMs, answerMs, idleMs, keepAliveMs }: TransportOptions): Client.Options {
  return {
    connect: { timeout: connectMs, ...(ca === undefined ? {} : { ca: ca.current }) },
    headersTimeout: answerMs,
    bodyTimeout: idleMs,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    pipelining: 1,
  };
}

function keptConnections(options: TransportOptions): Agent {
  const client = clientOptions(options);
  return new Agent({
    factory: (origin) =>
      new Pool(origin, { ...client, connections: options.connections, factory: (to) => new Connection(to, client) }),
  });
}

/** undici wraps the handler on its way to the connection, and hands the options through. */
interface Tagged extends Dispatcher.DispatchOptions {
  readonly exchange?: Exchange;
}

/** One connection at a time, which knows whether it was used before. */
class Connection extends Client implements KeptConnection {
  used = false;

  constructor(origin: URL | string, options: Client.Options) {
    super(origin, options);
    this.on('connect', () => {
      this.used = false;
    });
  }

  override dispatch(options: Tagged, handler: Dispatcher.DispatchHandler): boolean {
    options.exchange?.goesBy(this);
    return super.dispatch(options, handler);
  }
}
