import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type LogFields, type Logger, systemClock } from '@taas/service';
import { createPassThrough, type PassThrough } from './pass-through.js';
import type { PassThroughOptions } from './pass-through-options.js';

export interface Told {
  readonly fields: LogFields;
  readonly message: string;
}

/** A Neutron of the test's own, and the pass-through in front of it, both on loopback. */
export class Front {
  /** Requests as Neutron got them. */
  readonly seen: IncomingMessage[] = [];
  readonly told: Told[] = [];
  /** How often somebody has connected to Neutron. */
  connections = 0;

  private constructor(
    readonly neutron: Server,
    readonly server: Server,
    readonly passThrough: PassThrough,
    readonly port: number,
    readonly neutronPort: number,
  ) {}

  static async start(
    answer: (request: IncomingMessage, response: ServerResponse, front: Front) => void | Promise<void>,
    options: Partial<PassThroughOptions> = {},
  ): Promise<Front> {
    const neutron = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      front.seen.push(incoming);
      void answer(incoming, response, front);
    });
    neutron.on('connection', () => {
      front.connections += 1;
    });
    const neutronPort = await listen(neutron);
    let ids = 0;
    const passThrough = createPassThrough({
      neutronUrl: `http://127.0.0.1:${neutronPort}`,
      clock: systemClock,
      logger: teller((line) => front.told.push(line)),
      newId: () => `own-${ids++}`,
      ...options,
    });
    const server = createServer((incoming, response) => void passThrough.handle(incoming, response));
    const front: Front = new Front(neutron, server, passThrough, await listen(server), neutronPort);
    return front;
  }

  async stop(): Promise<void> {
    this.passThrough.close();
    for (const each of [this.server, this.neutron]) {
      each.closeAllConnections();
      if (each.listening) await new Promise((resolve) => each.close(resolve));
    }
  }

  /** A whole exchange; a body in pieces goes chunked. */
  async ask(method: string, path: string, more: { headers?: Record<string, string>; body?: string | string[] } = {}) {
    const { headers = {}, body } = more;
    const outgoing = request({ host: '127.0.0.1', port: this.port, method, path, headers, agent: false });
    if (Array.isArray(body)) for (const piece of body) outgoing.write(piece);
    outgoing.end(typeof body === 'string' ? body : undefined);
    const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
    return { message, status: message.statusCode, headers: message.headers, text: await textOf(message) };
  }

  /** Bytes in, all bytes out until the connection ends. */
  async raw(bytes: string): Promise<string> {
    const socket = this.socket();
    socket.write(Buffer.from(bytes, 'latin1'));
    const pieces: Buffer[] = [];
    for await (const piece of socket) pieces.push(piece as Buffer);
    return Buffer.concat(pieces).toString('latin1');
  }

  socket(): Socket {
    return connect(this.port, '127.0.0.1');
  }
}

export async function textOf(message: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

/** A promise and what settles it. */
export function gate<T = void>(): { readonly passed: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => undefined;
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function teller(tell: (line: Told) => void, common: LogFields = {}): Logger {
  const at = (fields: LogFields, message: string) => tell({ fields: { ...common, ...fields }, message });
  return { debug: at, info: at, warn: at, error: at, child: (more) => teller(tell, { ...common, ...more }) };
}
