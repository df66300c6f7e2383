import { createServer as createHttp2Server } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { fixed, systemClock } from '@taas/service';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { EtcdConnection } from './etcd-connection.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function listen(server: Server | ReturnType<typeof createHttp2Server>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has an address and a port');
  return `http://127.0.0.1:${address.port}`;
}

function connectTo(url: string, timeoutMs: number): EtcdConnection {
  const connection = new EtcdConnection(url, { tls: fixed({}), clock: systemClock, timeoutMs });
  cleanups.push(() => connection.close());
  return connection;
}

/** Resolves when the stream has ended, with what it ended by. */
async function fateOf(requested: ReturnType<EtcdConnection['request']>): Promise<Error | undefined> {
  const stream = await requested;
  return new Promise((resolve) => {
    let fate: Error | undefined;
    stream.once('error', (error) => {
      fate = error;
    });
    stream.once('close', () => resolve(fate));
    stream.resume();
    stream.end();
  });
}

describe('EtcdConnection', () => {
  it('gives up a server that takes the connection and never answers, and opens a new one for the next request', async () => {
    const accepted: Socket[] = [];
    const url = await listen(createServer((socket) => void accepted.push(socket.on('error', () => undefined))));
    const connection = connectTo(url, 50);
    const first = fateOf(connection.request('POST', '/', {}, {}));
    await vi.waitFor(() => expect(accepted).toHaveLength(1));
    connection.probe();
    expect((await first)?.message).toMatch(/no answer to a ping/);
    const second = connection.request('POST', '/', {}, {});
    await vi.waitFor(() => expect(accepted).toHaveLength(2));
    await second;
    for (const socket of accepted) socket.destroy();
  });

  it('keeps a connection whose server is slow but answers pings', async () => {
    const server = createHttp2Server();
    const streams: (() => void)[] = [];
    server.on('stream', (stream) => {
      streams.push(() => stream.respond({ ':status': 200 }, { endStream: true }));
    });
    const connection = connectTo(await listen(server), 50);
    const slow = fateOf(connection.request('POST', '/', {}, {}));
    await vi.waitFor(() => expect(streams).toHaveLength(1));
    connection.probe();
    // Twice the time-out has to pass without anything happening to the connection.
    await systemClock.sleep(100);
    streams[0]?.();
    expect(await slow).toBeUndefined();
  });

  it('tells when nobody listens, and tries again at the next request', async () => {
    const server = createServer();
    const url = await listen(server);
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const connection = connectTo(url, 1_000);
    await expect(connection.request('POST', '/', {}, {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(connection.request('POST', '/', {}, {})).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('takes no request after it was closed', async () => {
    const connection = connectTo('http://127.0.0.1:1', 1_000);
    connection.close();
    await expect(connection.request('POST', '/', {}, {})).rejects.toThrow(/closed/);
  });
});
