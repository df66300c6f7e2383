import { unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { InterfaceEvent } from './interface-events.js';
import { Session, type SessionHost } from './session.js';

/** Listens on VPP's API socket and keeps the clients. */
export class ApiServer {
  readonly #sessions = new Map<Socket, Session>();
  #server: Server | undefined;
  /** By client index, which the next client gets when one has gone: who wants events, and as which process. */
  readonly #subscribers = new Map<number, number>();
  readonly #taken = new Set<number>();

  constructor(
    private readonly socketPath: string,
    /** Asked for at each new client, since a restart changes the engine. */
    private readonly host: () => SessionHost,
  ) {}

  /** Starts to listen; a socket file left by a process that died is replaced. Rejects when the path cannot be used. */
  async listen(): Promise<void> {
    await removeFile(this.socketPath);
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.socketPath, () => {
        server.off('error', reject);
        resolve();
      });
    });
  }

  #accept(socket: Socket): void {
    const host = this.host();
    let index = 1;
    while (this.#taken.has(index)) index += 1;
    this.#taken.add(index);
    this.#sessions.set(socket, new Session(host, socket, index, this.#subscribers));
    socket.on('error', (error) => this.host().onBadClient(error));
    socket.on('close', () => {
      this.#sessions.delete(socket);
      this.#taken.delete(index);
      if (host.api.forgetsClients) this.#subscribers.delete(index);
    });
  }

  get clientCount(): number {
    return this.#sessions.size;
  }

  sendEvents(events: readonly InterfaceEvent[]): void {
    for (const session of this.#sessions.values()) session.sendEvents(events);
  }

  /** Breaks every connection; the server goes on to listen. */
  dropClients(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
  }

  /** Breaks every connection and stops listening. */
  async close(): Promise<void> {
    this.dropClients();
    this.#subscribers.clear();
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
