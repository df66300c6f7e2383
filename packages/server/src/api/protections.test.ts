import { once } from 'node:events';
import { connect } from 'node:net';
import type { LogFields, Logger } from '@taas/service';
import type { Store } from '@taas/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Exchanged, exchange } from '../conformance/http-exchange.suite.js';
import { acme, portId, type ReplicaOptions, TestCloud } from '../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
let cloud: TestCloud;
let lines: LogFields[];

beforeEach(() => {
  cloud = new TestCloud();
  lines = [];
});
afterEach(() => cloud.stop());

const logger = (bound: LogFields = {}): Logger => {
  const note = (fields: LogFields) => void lines.push({ ...bound, ...fields });
  return { debug: note, info: note, warn: note, error: note, child: (fields) => logger({ ...bound, ...fields }) };
};

/** Where a server with these options listens. */
async function serve(options: ReplicaOptions & { readonly store?: Store } = {}): Promise<string> {
  const server = await cloud.replica({ logger: logger(), ...options });
  return server.api.listen({ host: '127.0.0.1', port: 0 });
}

/** Bytes in, all bytes out until the server closes the connection. */
async function raw(address: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  socket.write(bytes);
  let received = '';
  socket.setEncoding('utf8').on('data', (piece) => {
    received += String(piece);
  });
  await once(socket, 'close');
  return received;
}

/** An error in Neutron's form, with an id that the log has too. */
async function expectError({ headers, text }: Pick<Exchanged, 'headers' | 'text'>, type: string): Promise<void> {
  expect(JSON.parse(text)).toEqual({ NeutronError: { type, message: expect.stringMatching(/./), detail: '' } });
  expect(headers['content-type']).toBe('application/json');
  await expectLogged(headers['x-openstack-request-id']);
}

async function expectLogged(id: string | undefined): Promise<void> {
  expect(id).toMatch(/^req-[0-9a-f-]{36}$/);
  await vi.waitFor(() => expect(lines.map(({ request_id }) => request_id)).toContain(id));
}

describe('every error has a body, and a request id that the log has', () => {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const item = { port_id: portId(1) };
  const url = `${services}?name=${'x'.repeat(9_000)}`;
  it.each<[number, string, string, string, Buffer | undefined, Record<string, string>]>([
    [400, 'HTTPBadRequest', 'POST', services, json({}), {}],
    [400, 'MalformedRequestBody', 'POST', services, Buffer.from('{'), {}],
    [400, 'MalformedRequestBody', 'POST', services, Buffer.from(`{"a":${'['.repeat(40)}${']'.repeat(40)}}`), {}],
    [400, 'HTTPBadRequest', 'POST', services, json({ tap_services: [item, item, item, item] }), {}],
    [403, 'PolicyNotAuthorized', 'POST', services, json({ tap_service: item }), { 'x-roles': 'reader' }],
    [404, 'TapServiceNotFound', 'GET', `${services}/${portId(9)}`, undefined, {}],
    [404, 'HTTPNotFound', 'GET', '/v2.0/nothing', undefined, {}],
    [405, 'HTTPMethodNotAllowed', 'PATCH', services, undefined, {}],
    [413, 'HTTPRequestEntityTooLarge', 'POST', services, Buffer.alloc(5_000, ' '), {}],
    [414, 'HTTPRequestURITooLong', 'GET', url, undefined, {}],
  ])('%i %s', async (status, type, method, path, body, headers) => {
    const address = await serve({ limits: { bulkItems: 3, bodyBytes: 4_096 } });
    const reply = await exchange(address, { method, path, body, headers: { 'x-project-id': acme, ...headers } });
    expect(reply.status).toBe(status);
    await expectError(reply, type);
  });

  it('401, whose body is keystonemiddleware’s', async () => {
    const reply = await exchange(await serve(), { method: 'GET', path: services, headers: {} });
    expect(JSON.parse(reply.text)).toMatchObject({ error: { code: 401 } });
    await expectLogged(reply.headers['x-openstack-request-id']);
  });

  it('429, with the time to wait', async () => {
    const address = await serve({ rate: { perSecond: 0.01, burst: 1 } });
    const ask = () => exchange(address, { method: 'GET', path: services, headers: { 'x-project-id': acme } });
    expect((await ask()).status).toBe(200);
    const reply = await ask();
    expect(reply.status).toBe(429);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    await expectError(reply, 'HTTPTooManyRequests');
  });

  it.each([
    [400, 'HTTPBadRequest', 'NOT HTTP AT ALL\r\n\r\n', 30_000],
    [431, 'HTTPRequestHeaderFieldsTooLarge', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 30_000],
    // The rest of its headers never comes.
    [408, 'HTTPRequestTimeout', 'GET / HTTP/1.1\r\nHost: h\r\n', 300],
    // Nor the rest of its body.
    [
      408,
      'HTTPRequestTimeout',
      `POST ${services} HTTP/1.1\r\nHost: h\r\nX-Project-Id: ${acme}\r\nContent-Length: 9\r\n\r\n{`,
      300,
    ],
  ])('%i %s of what is no whole request', async (status, type, bytes, requestMs) => {
    const received = await raw(await serve({ limits: { requestMs } }), bytes);
    const [head = '', text = ''] = received.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const headers = Object.fromEntries(head.split('\r\n').map((line) => line.toLowerCase().split(': ', 2)));
    await expectError({ headers, text }, type);
  });

  it('503 when etcd does not answer in time', async () => {
    const store = cloud.store.client();
    const silent: Store = {
      get: () => new Promise<never>(() => undefined),
      list: (...args) => store.list(...args),
      transact: (...args) => store.transact(...args),
      follow: (...args) => store.follow(...args),
      lease: (...args) => store.lease(...args),
      close: () => store.close(),
    };
    const address = await serve({ store: silent, limits: { requestMs: 300 } });
    const path = `${services}/${portId(9)}`;
    const reply = await exchange(address, { method: 'GET', path, headers: { 'x-project-id': acme } });
    expect(reply.status).toBe(503);
    await expectError(reply, 'ServiceUnavailable');
  });
});

describe('a connection', () => {
  it('is given up later than a silent Neutron is, whose client is silent as well', async () => {
    const server = await cloud.replica({
      neutron: { url: 'http://127.0.0.1:9', silenceMs: 300_000, portGone: async () => true },
    });
    expect(server.api.server.timeout).toBeGreaterThan(300_000);
  });

  it('may carry a request with an absolute URL, as proxies send them', async () => {
    const address = await serve();
    const path = `http://cloud.example${services}?limit=1`;
    const reply = await exchange(address, { method: 'GET', path, headers: { 'x-project-id': acme, host: 'h:1' } });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text).tap_services_links[0].href).toMatch(
      /^http:\/\/h:1\/v2.0\/taas\/tap_services\?limit=1/,
    );
  });
});

it('every character is stored and shown whole, by a filter too', async () => {
  const name = 'zażółć 日本 👩🏽‍🚀 \u0000\u202e';
  const address = await serve();
  const headers = { 'x-project-id': acme };
  const body = Buffer.from(JSON.stringify({ tap_service: { port_id: portId(1), name } }));
  expect((await exchange(address, { method: 'POST', path: services, headers, body })).status).toBe(201);
  const query = new URLSearchParams({ name, limit: '1' }).toString();
  const reply = await exchange(address, { method: 'GET', path: `${services}?${query}`, headers });
  const { tap_services: found, tap_services_links: links } = JSON.parse(reply.text);
  expect(found.map((service: { name: string }) => service.name)).toEqual([name]);
  // And by the link to the next page.
  expect(new URL(links[0].href).searchParams.get('name')).toBe(name);
});
