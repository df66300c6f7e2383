import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemClock as clock } from '@taas/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Relay } from './relay.js';

let server: Server;
let relay: Relay;
const sockets = new Set<Socket>();

/** A server that says everything back. */
beforeEach(async () => {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  relay = await Relay.open({ target: { port: address.port }, clock });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await relay.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

class Client {
  text = '';
  readonly closed: Promise<void>;
  readonly #socket: Socket;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    sockets.add(this.#socket);
    this.#socket.on('data', (chunk) => {
      this.text += String(chunk);
    });
    this.#socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  say(text: string): void {
    this.#socket.write(text);
  }

  async hears(text: string): Promise<void> {
    await expect.poll(() => this.text, { timeout: 5_000 }).toBe(text);
  }
}

it('passes everything on, both ways and in order', async () => {
  const client = new Client(relay.port);
  const said = 'x'.repeat(300_000);
  client.say(said);
  client.say('end');
  await client.hears(`${said}end`);
});

it('breaks connections when it is cut, and new ones too, until it is healed', async () => {
  const client = new Client(relay.port);
  client.say('a');
  await client.hears('a');
  relay.cut();
  await client.closed;
  await new Client(relay.port).closed;
  relay.heal();
  const after = new Client(relay.port);
  after.say('b');
  await after.hears('b');
});

it('keeps what is sent in a silence, and passes it on afterwards', async () => {
  const client = new Client(relay.port);
  client.say('a');
  await client.hears('a');
  relay.silence();
  client.say('b');
  const late = new Client(relay.port);
  late.say('c');
  await clock.sleep(50);
  expect(client.text + late.text).toBe('a');
  relay.heal();
  await client.hears('ab');
  await late.hears('c');
});

it('makes everything late, each way, and in order', async () => {
  const client = new Client(relay.port);
  client.say('a');
  await client.hears('a');
  relay.delay(60);
  const start = clock.monotonic();
  client.say('b');
  client.say('c');
  await client.hears('abc');
  expect(clock.monotonic() - start).toBeGreaterThanOrEqual(110);
});
