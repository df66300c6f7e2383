import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '@taas/service';

/** Where a relay listens or leads to: a TCP port on loopback, or a unix socket. */
export type RelayEnd = { readonly port: number } | { readonly path: string };

/** Looks at what passes on one connection and decides what is passed on. */
export interface RelayFilter {
  fromClient(chunk: Buffer): void;
  fromServer(chunk: Buffer): void;
}

/** Makes the filter of a new connection, which hands on what it lets pass. */
export type RelayFilterFactory = (
  toClient: (chunk: Uint8Array) => void,
  toServer: (chunk: Uint8Array) => void,
) => RelayFilter;

export interface RelayOptions {
  /** Default: a free TCP port on loopback. */
  readonly listen?: RelayEnd;
  readonly target: RelayEnd;
  readonly clock: Clock;
  /** Default: everything passes as it is. */
  readonly filter?: RelayFilterFactory;
}

type Mode = 'open' | 'cut' | 'silent';

/**
 * Stands between a program and what it talks to, and can cut the two apart, let them fall silent, or make them slow. What
 * is sent in a silence arrives after it, as TCP would have it, and not at all if the connection is given up first.
 */
export class Relay {
  readonly #links = new Set<Link>();
  #mode: Mode = 'open';
  #delayMs = 0;

  private constructor(
    private readonly server: Server,
    private readonly options: RelayOptions,
  ) {}

  /** @throws the error of listen(2) */
  static async open(options: RelayOptions): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server, options);
    server.on('connection', (near) => relay.#accept(near));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      const listen = options.listen ?? { port: 0 };
      server.listen('path' in listen ? listen : { ...listen, host: '127.0.0.1' }, () => resolve());
    });
    return relay;
  }

  /** The TCP port it listens on. @throws TypeError for a unix socket */
  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new TypeError('this relay listens on a unix socket');
    return address.port;
  }

  /** Connections break, and new ones break as soon as they are made. */
  cut(): void {
    this.#mode = 'cut';
    this.breakConnections();
  }

  /** Connections stay and new ones are accepted, but nothing passes until `heal`. */
  silence(): void {
    this.#mode = 'silent';
  }

  /** Everything takes this much longer from now on, in each direction, in milliseconds. */
  delay(ms: number): void {
    this.#delayMs = ms;
  }

  /** As though nothing had been; what was held back is passed on. */
  heal(): void {
    this.#mode = 'open';
    this.#delayMs = 0;
    for (const link of this.#links) link.flow();
  }

  /** Breaks those that there are, once. */
  breakConnections(): void {
    for (const link of this.#links) link.close();
  }

  async close(): Promise<void> {
    this.breakConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  #accept(near: Socket): void {
    if (this.#mode === 'cut') {
      near.destroy();
      return;
    }
    const { target, clock, filter } = this.options;
    const far = connect('path' in target ? target : { ...target, host: '127.0.0.1' });
    const state = { open: () => this.#mode === 'open', delayMs: () => this.#delayMs };
    const link: Link = new Link(near, far, clock, state, filter, () => this.#links.delete(link));
    this.#links.add(link);
  }
}

interface RelayState {
  open(): boolean;
  delayMs(): number;
}

/** One connection through a relay. */
class Link {
  readonly #lanes: readonly [Lane, Lane];

  constructor(
    near: Socket,
    far: Socket,
    clock: Clock,
    state: RelayState,
    filter: RelayFilterFactory | undefined,
    gone: () => void,
  ) {
    const up = new Lane(near, far, clock, state);
    const down = new Lane(far, near, clock, state);
    this.#lanes = [up, down];
    const looked = filter?.(
      (chunk) => down.pass(chunk),
      (chunk) => up.pass(chunk),
    );
    near.on('data', (chunk: Buffer) => (looked ? looked.fromClient(chunk) : up.pass(chunk)));
    far.on('data', (chunk: Buffer) => (looked ? looked.fromServer(chunk) : down.pass(chunk)));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      // A connection that breaks is a break for the other side, whatever the reason.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        other.destroy();
        gone();
      });
    }
  }

  flow(): void {
    for (const lane of this.#lanes) lane.flow();
  }

  close(): void {
    for (const lane of this.#lanes) lane.close();
  }
}

/** One direction of a connection: chunks leave in their order, each when it is due. */
class Lane {
  readonly #held: { readonly chunk: Uint8Array; readonly due: number }[] = [];
  readonly #closed = new AbortController();
  #waiting = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly clock: Clock,
    private readonly state: RelayState,
  ) {
    to.on('drain', () => this.flow());
    to.on('close', () => this.#closed.abort());
  }

  pass(chunk: Uint8Array): void {
    // A filter's chunk may be a view of a buffer that is used again.
    this.#held.push({ chunk: Buffer.from(chunk), due: this.clock.monotonic() + this.state.delayMs() });
    this.flow();
  }

  flow(): void {
    while (this.state.open() && !this.to.writableNeedDrain && !this.to.destroyed) {
      const next = this.#held[0];
      if (next === undefined) break;
      const wait = next.due - this.clock.monotonic();
      if (wait > 0 && this.state.delayMs() > 0) {
        this.#later(wait);
        break;
      }
      this.#held.shift();
      this.to.write(next.chunk);
    }
    // What cannot leave is not taken in without end.
    if (this.#held.length > mostHeld) this.from.pause();
    else this.from.resume();
  }

  close(): void {
    this.from.destroy();
  }

  #later(ms: number): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.clock.sleep(ms, this.#closed.signal).then(
      () => {
        this.#waiting = false;
        this.flow();
      },
      () => undefined, // The connection is gone, and what was held with it.
    );
  }
}

const mostHeld = 64;
