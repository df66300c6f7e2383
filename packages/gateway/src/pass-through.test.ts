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
const port = '0b1e7b44-1111-4222-8333-444455556666';
const mebibyte = Buffer.alloc(1024 * 1024, 'x');

describe('a client that reads its answer', () => {
  const reader = { lookMs: 250, leastBytes: 64_000, looks: 4 };
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
      if (bytes % (16 * mebibyte.length) < 64_000) await systemClock.sleep(reader.lookMs * 2);
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

describe('a request', () => {
  it('has every byte of its target and header values when it arrives', async () => {
    const targets: (string | undefined)[] = [];
    const it = await start((incoming, response) => {
      targets.push(incoming.url);
      response.writeHead(200, ['X-Bytes', incoming.headers['x-bytes'] ?? '', 'X-Bytes', 'again']).end();
    });
    const target = '/v2.0//ports/%7e%7E%2f..%2F./a+b;c=d/%E4%ff?q=%zz&name=a%20b&x=|^{}#';
    const answer = await it.raw(
      `GET ${target} HTTP/1.1\r\nHost: a\r\nX-Bytes: \xe4\xf6 \xff\r\nConnection: close\r\n\r\n`,
    );
    expect(targets).toEqual([target]);
    expect(answer).toContain('X-Bytes: \xe4\xf6 \xff\r\nX-Bytes: again\r\n');
  });

  it('keeps its Host, and a path of the Neutron URL is put before its own', async () => {
    const it = await start((incoming, response) => void response.end(`${incoming.headers.host} ${incoming.url}`));
    const other = await Front.start(() => undefined, { neutronUrl: `http://127.0.0.1:${it.neutronPort}/networking/` });
    try {
      const answer = await other.ask('GET', '/v2.0/ports', { headers: { host: 'cloud.example' } });
      expect(answer.text).toBe('cloud.example /networking/v2.0/ports');
    } finally {
      await other.stop();
    }
  });

  it('with Connection: close is answered in kind, without it the connection stays', async () => {
    const it = await start((_incoming, response) => void response.end('ok'));
    expect((await it.ask('GET', '/v2.0/ports', { headers: { connection: 'close' } })).headers.connection).toBe('close');
    expect((await it.ask('GET', '/v2.0/ports', { headers: { connection: 'keep-alive' } })).headers.connection).toBe(
      'keep-alive',
    );
  });

  it("gets Neutron's answer as it is: status line, repeated headers, date, request id; and no word of our connection", async () => {
    const it = await start((_incoming, response) => {
      response.sendDate = false;
      response.writeHead(409, 'Quite Odd', [
        ...['Date', 'yesterday', 'Set-Cookie', 'a', 'Set-Cookie', 'b', 'X-Openstack-Request-Id', 'req-n'],
        ...['Connection', 'X-Hop', 'X-Hop', '1', 'Keep-Alive', 'timeout=99', 'Content-Length', '2'],
      ]);
      response.end('{}');
    });
    const answer = await it.raw('GET /v2.0/ports HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const head =
      'HTTP/1.1 409 Quite Odd\r\nDate: yesterday\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nX-Openstack-Request-Id: req-n\r\n';
    expect(answer).toBe(`${head}Content-Length: 2\r\nConnection: close\r\n\r\n{}`);
    expect(it.told.at(-1)?.fields).toMatchObject({ request_id: 'req-n', status: 409, path: '/v2.0/ports' });
  });

  it('of a client that leaves is broken off at Neutron', async () => {
    const broken = gate();
    const arrived = gate();
    const it = await start((incoming) => {
      arrived.open();
      incoming.socket.once('close', () => broken.open());
    });
    const socket = it.socket();
    socket.write('GET /v2.0/networks HTTP/1.1\r\nHost: a\r\n\r\n');
    await arrived.passed;
    socket.destroy();
    await broken.passed;
    await vi.waitFor(() => expect(it.passThrough.load.atNeutron).toBe(0));
    expect(it.told.map(({ message }) => message)).toContain('the client has not waited for its answer');
  });

  it('whose body breaks off, or stops, never reaches Neutron, and what was held of it is given back', async () => {
    const it = await start((_incoming, response) => void response.end(), { timeouts: { idleMs: 50 } });
    const begin = () => {
      const socket = it.socket();
      socket.write(`PUT /v2.0/ports/${port} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc`);
      return socket;
    };
    const leaving = begin();
    await vi.waitFor(() => expect(it.passThrough.load.heldBytes).toBeGreaterThan(0));
    leaving.destroy();
    await vi.waitFor(() => expect(it.passThrough.load.heldBytes).toBe(0));
    const [answer] = (await once(begin(), 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    expect(it.passThrough.load).toEqual({ atNeutron: 0, waiting: 0, heldBytes: 0 });
    expect(it.seen).toEqual([]);
  });

  it('whose body comes without a pause, but takes too long, is refused', async () => {
    const it = await start((_incoming, response) => void response.end(), { timeouts: { bodyMs: 150 } });
    const socket = it.socket();
    socket.write('POST /v2.0/ports HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
    const drip = setInterval(() => socket.write('x'), 10);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    clearInterval(drip);
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 /);
    expect(it.seen).toEqual([]);
  });
});

describe('a Neutron in trouble', () => {
  const envelope = (text: string) => JSON.parse(text).NeutronError as { type: string; message: string };

  it('that does not listen: 503 with a request id that the log has', async () => {
    const it = await start(() => undefined);
    await new Promise((resolve) => it.neutron.close(resolve));
    const answer = await it.ask('POST', '/v2.0/ports', { body: '{}', headers: { 'content-length': '2' } });
    expect(answer.status).toBe(503);
    expect(envelope(answer.text).type).toBe('ServiceUnavailable');
    const id = answer.headers['x-openstack-request-id'];
    expect(id).toBe('req-own-0');
    expect(it.told.filter(({ fields }) => fields['request_id'] === id).length).toBeGreaterThan(1);
  });

  it('that is silent: 504', async () => {
    const it = await start(() => undefined, { timeouts: { answerMs: 50 } });
    expect((await it.ask('GET', '/v2.0/ports')).status).toBe(504);
  });

  it('that thinks longer than a body may pause has its own time for that', async () => {
    const it = await start(
      async (incoming, response) => {
        await textOf(incoming);
        setTimeout(() => response.end('thought'), 1_500);
      },
      { timeouts: { idleMs: 800, answerMs: 15_000 } },
    );
    const answer = await it.ask('POST', '/v2.0/ports', { body: 'ab' });
    expect([answer.status, answer.text]).toEqual([200, 'thought']);
  });

  it('that sends slowly, but sends, is not cut off', async () => {
    const it = await start(
      (_incoming, response) => {
        let pieces = 0;
        const timer = setInterval(() => {
          response.write('x');
          pieces += 1;
          if (pieces < 10) return;
          clearInterval(timer);
          response.end();
        }, 100);
      },
      { timeouts: { idleMs: 800 } },
    );
    expect((await it.ask('GET', '/v2.0/ports')).text).toBe('x'.repeat(10));
  });

  it('that stops in the middle of a body: the client is cut off', async () => {
    const it = await start(
      (_incoming, response) => void response.writeHead(200, { 'content-length': 9 }).write('abc'),
      {
        timeouts: { idleMs: 50 },
      },
    );
    expect(await it.raw('GET /v2.0/ports HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/abc$/);
  });

  it('that hangs up before it answers: 502, and the request is not sent again', async () => {
    const it = await start((incoming) => void incoming.socket.destroy());
    for (const method of ['GET', 'DELETE', 'POST']) expect((await it.ask(method, '/v2.0/networks/x')).status).toBe(502);
    expect(it.seen.map(({ method }) => method)).toEqual(['GET', 'DELETE', 'POST']);
  });

  it('that has closed a kept connection: what may be repeated is, by a new one', async () => {
    let kills = 0;
    const it = await start((incoming, response, itself) => {
      // The connection dies under the second request on it, as when Neutron closes it at that moment.
      if (itself.seen.filter(({ socket }) => socket === incoming.socket).length > 1) {
        kills += 1;
        incoming.socket.destroy();
      } else response.end('ok');
    });
    for (let n = 0; n < 3; n += 1) expect((await it.ask('GET', '/v2.0/ports')).text).toBe('ok');
    expect(kills).toBeGreaterThan(0);
  });

  it('is given what changes something by connections of their own, and never twice', async () => {
    const it = await start((_incoming, response) => void response.end('ok'));
    await it.ask('GET', '/v2.0/ports');
    const before = it.connections;
    await it.ask('GET', '/v2.0/ports');
    expect(it.connections).toBe(before);
    for (const method of ['POST', 'PUT', 'DELETE']) await it.ask(method, '/v2.0/ports/x');
    expect(it.connections).toBe(before + 3);
    expect(it.seen).toHaveLength(5);
  });

  it('has only so many requests at a time; the rest wait, and what cannot wait is told so', async () => {
    const held: (() => void)[] = [];
    const it = await start((_incoming, response) => void held.push(() => response.end('ok')), {
      limits: { concurrent: 2, waiting: 1 },
    });
    const answers = [1, 2, 3].map(() => it.ask('GET', '/v2.0/ports'));
    await vi.waitFor(() =>
      expect([held.length, it.passThrough.load]).toEqual([2, { atNeutron: 2, waiting: 1, heldBytes: 0 }]),
    );
    expect((await it.ask('GET', '/v2.0/ports')).status).toBe(503);
    held[0]?.();
    await vi.waitFor(() => expect(held).toHaveLength(3));
    for (const release of held) release();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(it.passThrough.load).toEqual({ atNeutron: 0, waiting: 0, heldBytes: 0 });
  });
});

describe("a port's deletion", () => {
  const deleted = (_incoming: IncomingMessage, response: import('node:http').ServerResponse) =>
    void response.writeHead(204, { 'x-openstack-request-id': 'req-neutron' }).end();

  it('is told to its client only when what follows is done', async () => {
    const order: string[] = [];
    const called = gate<string>();
    const go = gate();
    const it = await start(
      (incoming, response) => {
        order.push('neutron');
        deleted(incoming, response);
      },
      {
        hooks: {
          afterPortDeleted: async (id, { requestId }) => {
            order.push(`hook ${requestId}`);
            called.open(id);
            await go.passed;
            order.push('done');
          },
        },
      },
    );
    const answer = it.ask('DELETE', `/v2.0/%70orts//${port}.json/`).then((result) => {
      order.push('client');
      return result;
    });
    expect(await called.passed).toBe(port);
    expect(it.passThrough.load.atNeutron).toBe(0);
    go.open();
    expect((await answer).status).toBe(204);
    expect(order).toEqual(['neutron', 'hook req-neutron', 'done', 'client']);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('no etcd'))],
    [
      'throws',
      () => {
        throw new Error('no etcd');
      },
    ],
    ['never ends', () => new Promise<void>(() => undefined)],
  ])('is told to its client even if what follows %s, and the log says so', async (_how, afterPortDeleted) => {
    const it = await start(deleted, { hooks: { afterPortDeleted }, timeouts: { hookMs: 30 } });
    const answer = await it.ask('DELETE', `/v2.0/ports/${port}`);
    expect([answer.status, answer.headers['x-openstack-request-id']]).toEqual([204, 'req-neutron']);
    const failure = it.told.find(({ message }) => message === 'a port was deleted, but what must follow has failed');
    expect(failure?.fields).toMatchObject({ request_id: 'req-neutron', port_id: port });
  });

  it('is followed up even if the client has gone meanwhile', async () => {
    const arrived = gate();
    const answer = gate();
    const called = gate<string>();
    const it = await start(
      async (incoming, response) => {
        arrived.open();
        await answer.passed;
        deleted(incoming, response);
      },
      { hooks: { afterPortDeleted: async (id) => called.open(id) } },
    );
    const socket = it.socket();
    socket.write(`DELETE /v2.0/ports/${port} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await arrived.passed;
    socket.destroy();
    await once(socket, 'close');
    const clients = () => new Promise((resolve) => it.server.getConnections((_error, count) => resolve(count)));
    await vi.waitFor(async () => expect(await clients()).toBe(0));
    answer.open();
    expect(await called.passed).toBe(port);
  });

  it('that Neutron refuses, and whatever else, has no consequences', async () => {
    const calls: string[] = [];
    const it = await start(
      (incoming, response) => {
        const status = incoming.url?.includes(port) ? (incoming.method === 'DELETE' ? 409 : 200) : 204;
        response.writeHead(status).end();
      },
      { hooks: { afterPortDeleted: async (id) => void calls.push(id) } },
    );
    await it.ask('DELETE', `/v2.0/ports/${port}`);
    await it.ask('DELETE', '/v2.0/networks/0b1e7b44-1111-4222-8333-44445555aaaa');
    await it.ask('GET', `/v2.0/ports/${port}`);
    expect(calls).toEqual([]);
  });

  it.each(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH'])(
    'is none that a %s was answered with a 204',
    async (method) => {
      const calls: string[] = [];
      const it = await start(deleted, { hooks: { afterPortDeleted: async (id) => void calls.push(id) } });
      const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' };
      for (const path of [`/v2.0/ports/${port}`, `/v2.0/ports/${port}?_method=DELETE`])
        expect((await it.ask(method, path, { headers })).status).toBe(204);
      expect(calls).toEqual([]);
      await it.ask('DELETE', `/v2.0/ports/${port}`);
      expect(calls).toEqual([port]);
    },
  );
});

describe('documents', () => {
  const json =
    (body: unknown, status = 200) =>
    (_incoming: IncomingMessage, response: import('node:http').ServerResponse) =>
      void response
        .writeHead(status, { 'content-type': 'application/json', 'x-openstack-request-id': 'req-n' })
        .end(JSON.stringify(body));

  it('the extensions have ours; the length is right and the rest of the head is as it came', async () => {
    const it = await start(json({ extensions: [{ alias: 'quotas' }] }));
    const answer = await it.ask('GET', '/v2.0/extensions?x=1', { headers: { 'accept-encoding': 'gzip' } });
    expect(JSON.parse(answer.text).extensions.map(({ alias }: { alias: string }) => alias)).toEqual([
      'quotas',
      'taas',
      'taas-vlan-filter',
      'tap-mirror',
      'tap-mirror-both-direction',
      'taas-flow-filter',
      'taas-tapped-ports',
      'taas-audit',
      'taas-status-code',
    ]);
    expect(answer.headers).toMatchObject({
      'content-length': String(answer.text.length),
      'x-openstack-request-id': 'req-n',
    });
    expect(it.seen[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('one extension of ours is shown to whom Neutron shows its own', async () => {
    const it = await start((incoming, response) =>
      incoming.headers['x-auth-token'] === 'good'
        ? json({ extensions: [] })(incoming, response)
        : json({ error: { code: 401 } }, 401)(incoming, response),
    );
    const shown = await it.ask('GET', '/v2.0/extensions/taas.json', { headers: { 'x-auth-token': 'good' } });
    expect(JSON.parse(shown.text).extension.alias).toBe('taas');
    expect(it.seen[0]?.url).toBe('/v2.0/extensions');
    expect((await it.ask('GET', '/v2.0/extensions/taas')).status).toBe(401);
    await it.ask('GET', '/v2.0/extensions/quotas');
    expect(it.seen.at(-1)?.url).toBe('/v2.0/extensions/quotas');
  });

  it('that are not what they should be go through as they came; too large a one is a 502', async () => {
    const it = await start((_incoming, response) => void response.end('<html>'));
    expect((await it.ask('GET', '/v2.0/')).text).toBe('<html>');
    await it.stop();
    const small = await start(json({ extensions: ['x'.repeat(200)] }), { limits: { documentBytes: 100 } });
    expect((await small.ask('GET', '/v2.0/extensions')).status).toBe(502);
  });
});

it('closing breaks off what is under way with 503', async () => {
  const arrived = gate();
  const it = await start(() => arrived.open());
  const answer = it.ask('GET', '/v2.0/ports');
  await arrived.passed;
  it.passThrough.close();
  expect((await answer).status).toBe(503);
  expect((await it.ask('GET', '/v2.0/ports')).status).toBe(503);
});
