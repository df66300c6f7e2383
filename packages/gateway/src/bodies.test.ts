import { once } from 'node:events';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { systemClock } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Front, gate, textOf } from './front.suite.js';

let front: Front | undefined;
beforeEach(() => {
  expect.hasAssertions();
});
afterEach(async () => {
  await front?.stop();
  front = undefined;
});
const start = async (...args: Parameters<typeof Front.start>): Promise<Front> => {
  front = await Front.start(...args);
  return front;
};
const mebibyte = Buffer.alloc(1024 * 1024, 'x');

describe('a client that reads its answer', () => {
  const reader = { pollMs: 250, leastBytes: 64_000, polls: 4 };
  /** As much as a client takes, up to 64 MiB: more than sockets and buffers on the way hold. */
  const endless = (ends: () => void) => (_incoming: IncomingMessage, response: ServerResponse) => {
    let left = 64;
    const more = (): void => {
      while (left-- > 0) if (!response.write(mebibyte)) return void response.once('drain', more);
      response.end();
    };
    response.once('close', ends);
    more();
  };

  it('not at all is cut off, and gives back its place at Neutron', async () => {
    const ended = gate();
    const it = await start(endless(ended.open), { reader, timeouts: { idleMs: 60_000 } });
    const socket = it.socket();
    socket.pause();
    socket.write('GET /v2.0/networks HTTP/1.1\r\nHost: a\r\n\r\n');
    await vi.waitFor(() => expect(it.passThrough.load.atNeutron).toBe(1));
    await ended.passed;
    await vi.waitFor(() => expect(it.passThrough.load).toEqual({ atNeutron: 0, waiting: 0, heldBytes: 0 }));
    // What had been sent before is not the whole, and there comes no more.
    let bytes = 0;
    socket
      .on('data', (piece: Buffer) => (bytes += piece.length))
      .on('error', () => undefined)
      .resume();
    await once(socket, 'close');
    expect(bytes).toBeLessThan(64 * mebibyte.length);
  }, 15_000);

  it('slowly, but as it must, gets all of it', async () => {
    const it = await start(
      endless(() => undefined),
      { reader: { ...reader, leastBytes: 1 } },
    );
    const outgoing = request({ port: it.port, path: '/v2.0/networks' });
    outgoing.end();
    const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
    let bytes = 0;
    for await (const piece of message) {
      bytes += (piece as Buffer).length;
      // Now and then half of the time that makes a client too slow.
      if (bytes % (16 * mebibyte.length) < 64_000) await systemClock.sleep(reader.pollMs * 2);
    }
    expect(bytes).toBe(64 * mebibyte.length);
  }, 30_000);
});

describe('bodies', () => {
  it('reach Neutron when they are whole: until then nothing at Neutron is taken for them', async () => {
    const it = await start(async (incoming, response) => void response.end(await textOf(incoming)));
    const outgoing = request({ port: it.port, method: 'POST', path: '/v2.0/ports', headers: { 'content-length': 10 } });
    outgoing.write('first');
    await vi.waitFor(() => expect(it.passThrough.load.heldBytes).toBeGreaterThan(0));
    expect([it.seen.length, it.passThrough.load.atNeutron]).toEqual([0, 0]);
    outgoing.end('later');
    const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
    expect(await textOf(message)).toBe('firstlater');
    expect(it.passThrough.load).toEqual({ atNeutron: 0, waiting: 0, heldBytes: 0 });
  });

  it('reach the client piece by piece, and Neutron is held back while the client does not read', async () => {
    let written = 0;
    const it = await start((_incoming, response) => {
      const more = (): void => {
        while (written < 200) {
          written += 1;
          if (!response.write(mebibyte)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const outgoing = request({ port: it.port, path: '/v2.0/networks' });
    outgoing.end();
    const [message] = (await once(outgoing, 'response')) as [IncomingMessage];
    await once(message, 'readable');
    // Nobody reads: what Neutron could write is what fits into sockets and buffers on the way.
    let before = -1;
    await vi.waitFor(
      () => {
        const still = written === before;
        before = written;
        expect(still).toBe(true);
      },
      { interval: 150, timeout: 10_000 },
    );
    expect(written).toBeLessThan(40);
    let size = 0;
    for await (const piece of message) size += (piece as Buffer).length;
    expect(size).toBe(200 * mebibyte.length);
  });

  it('without a length are given one', async () => {
    const it = await start(async (incoming, response) => {
      response.end(
        `${incoming.headers['content-length']} ${incoming.headers['transfer-encoding']} ${await textOf(incoming)}`,
      );
    });
    const answer = await it.ask('POST', '/v2.0/ports', { body: ['ab', 'cde'] });
    expect(answer.text).toBe('5 undefined abcde');
  });

  it('without a length and too large to be held are refused with 413, and Neutron hears nothing', async () => {
    const it = await start((_incoming, response) => void response.end(), { limits: { chunkedBodyBytes: 4 } });
    const answer = await it.ask('POST', '/v2.0/ports', { body: ['ab', 'cde'] });
    expect(answer.status).toBe(413);
    expect(answer.headers.connection).toBe('close');
    expect(JSON.parse(answer.text).NeutronError.type).toBe('HTTPRequestEntityTooLarge');
    expect(it.seen).toHaveLength(0);
  });

  it('with too large a length are refused before they are read', async () => {
    const it = await start((_incoming, response) => void response.end(), { limits: { bodyBytes: 100 } });
    const answer = await it.raw('POST /v2.0/ports HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(it.seen).toHaveLength(0);
  });

  it('that do not exist do not appear: HEAD, 204 and 304, and a POST of nothing', async () => {
    const it = await start((incoming, response) => {
      const status = { '/204': 204, '/304': 304 }[incoming.url ?? ''] ?? 200;
      response.writeHead(status, status === 200 ? { 'content-length': 5 } : {});
      response.end(incoming.method === 'HEAD' || status !== 200 ? undefined : 'hello');
    });
    const head = await it.ask('HEAD', '/v2.0/ports');
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '5']);
    expect((await it.ask('GET', '/204')).status).toBe(204);
    expect((await it.ask('GET', '/304')).status).toBe(304);
    await it.ask('POST', '/v2.0/ports', { headers: { 'content-length': '0' } });
    expect(it.seen.at(-1)?.headers['content-length']).toBe('0');
    expect((await it.ask('OPTIONS', '/v2.0/ports')).text).toBe('hello');
  });

  it('of Neutron that end too early do not look whole to the client', async () => {
    const it = await start((_incoming, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('half', () => response.socket?.destroy());
    });
    const answer = await it.raw('GET /v2.0/ports HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(answer).toContain('half');
    expect(answer).toContain('content-length: 100');
    expect(it.told.map(({ message }) => message)).toContain('a request to Neutron has failed');
  });
});
