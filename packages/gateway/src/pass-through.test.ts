import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Front, gate } from './front.suite.js';

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
      'taas-flow-accounting',
      'taas-expiry',
      'taas-consent',
      'taas-tapped-ports',
      'taas-statistics',
      'taas-receipts',
      'taas-captures',
      'taas-audit',
      'taas-plan',
      'taas-events',
      'taas-nodes',
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

it('closing breaks off what is in progress with 503', async () => {
  const arrived = gate();
  const it = await start(() => arrived.open());
  const answer = it.ask('GET', '/v2.0/ports');
  await arrived.passed;
  it.passThrough.close();
  expect((await answer).status).toBe(503);
  expect((await it.ask('GET', '/v2.0/ports')).status).toBe(503);
});
