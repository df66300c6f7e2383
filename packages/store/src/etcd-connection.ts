import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { Code, ConnectError } from '@connectrpc/connect';
import type { GrpcTransportOptions } from '@connectrpc/connect-node';
import type { Clock, Watched } from '@taas/service';

type SessionManager = NonNullable<GrpcTransportOptions['sessionManager']>;

export interface EtcdTlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface ConnectionOptions {
  /** When it changes, what comes from then on goes by a new connection; what is in progress stays where it is. */
  readonly tls: Watched<EtcdTlsMaterial>;
  readonly clock: Clock;
  /** Milliseconds to get connected, and to answer a ping. */
  readonly timeoutMs: number;
}

/** etcd counts pings that come more often than every 5 seconds against a client, and ends the connection at the third. */
const pingEveryMs = 10_000;

/**
 * The HTTP/2 connection to one server: opened when it is first needed, opened again after it broke, and given up when
 * pings stay without answer. It stands in for connect-node's own manager, whose time-out of a ping can end the process:
 * it may destroy a session that nobody listens to any more, and that is an uncaught 'error' event.
 */
export class EtcdConnection implements SessionManager {
  readonly authority: string;
  readonly #sessions = new Set<ClientHttp2Session>();
  /** The session for new requests. */
  #opened: Promise<ClientHttp2Session> | undefined;
  #streams = 0;
  #lastHeard = 0;
  #lastPing = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(
    url: string,
    private readonly options: ConnectionOptions,
  ) {
    this.authority = new URL(url).origin;
    options.tls.onChange(() => {
      this.#opened = undefined;
      // Each ends with the last of its streams; a watch may go on for long, by what was good when it began.
      for (const session of this.#sessions) session.close();
    });
  }

  async request(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    options: Parameters<SessionManager['request']>[3],
  ): Promise<ClientHttp2Stream> {
    const session = await this.#usableSession();
    const stream = session.request({ ':method': method, ':path': path, ...headers }, options);
    // Only a request in progress keeps the process alive, an idle connection does not.
    if (this.#streams++ === 0) session.ref();
    stream.once('close', () => {
      if (--this.#streams === 0) session.unref();
    });
    return stream;
  }

  notifyResponseByteRead(): void {
    this.#lastHeard = this.options.clock.monotonic();
  }

  /** There is doubt whether anybody is still there: asks, and breaks the connection when there is no answer. */
  probe(): void {
    for (const session of this.#sessions) this.#ping(session);
  }

  close(): void {
    this.#closed = true;
    for (const session of this.#sessions) session.destroy(undefined, constants.NGHTTP2_CANCEL);
  }

  async #usableSession(): Promise<ClientHttp2Session> {
    for (;;) {
      if (this.#closed) throw new ConnectError('the connection was closed', Code.Canceled);
      this.#opened ??= this.#open();
      const opened = this.#opened;
      const session = await opened;
      if (!session.destroyed && !session.closed) return session;
      // The streams of a broken session end before it says so itself, and whoever waited on them may be here first.
      if (this.#opened === opened) this.#opened = undefined;
    }
  }

  #open(): Promise<ClientHttp2Session> {
    const { tls, timeoutMs } = this.options;
    const session = connect(this.authority, { ...tls.current, settings: { initialWindowSize: 1024 * 1024 } });
    this.#sessions.add(session);
    const opened = new Promise<ClientHttp2Session>((resolve, reject) => {
      const timer = setTimeout(() => session.destroy(unavailable(`not connected within ${timeoutMs} ms`)), timeoutMs);
      session.once('connect', () => {
        clearTimeout(timer);
        this.notifyResponseByteRead();
        session.unref();
        resolve(session);
      });
      // Stays for the session's whole life: an 'error' that nobody listens to would end the process.
      session.on('error', reject);
      session.once('close', () => {
        clearTimeout(timer);
        reject(unavailable('the connection was closed while it was being opened'));
      });
    });
    const retire = () => {
      if (this.#opened === opened) this.#opened = undefined;
    };
    const pinging = setInterval(() => this.#pingWhenQuiet(session), pingEveryMs / 2).unref();
    session.once('goaway', retire);
    session.once('error', retire);
    session.once('close', () => {
      clearInterval(pinging);
      this.#sessions.delete(session);
      retire();
    });
    return opened;
  }

  #pingWhenQuiet(session: ClientHttp2Session): void {
    // etcd allows pings only while there is something to wait for.
    if (this.#streams > 0 && this.options.clock.monotonic() - this.#lastHeard >= pingEveryMs) this.#ping(session);
  }

  #ping(session: ClientHttp2Session): void {
    const now = this.options.clock.monotonic();
    if (session.connecting || session.destroyed || now - this.#lastPing < pingEveryMs / 2) return;
    this.#lastPing = now;
    const timer = setTimeout(() => session.destroy(unavailable('no answer to a ping')), this.options.timeoutMs).unref();
    session.ping((error) => {
      clearTimeout(timer);
      if (error === null) this.notifyResponseByteRead();
    });
  }
}

function unavailable(message: string): ConnectError {
  return new ConnectError(message, Code.Unavailable);
}
