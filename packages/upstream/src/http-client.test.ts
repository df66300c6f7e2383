import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpClient, type HttpClient, HttpError, type HttpRequest } from './http-client.js';

let server: Server;
let client: HttpClient;
let url: string;
const connections = new Set<Socket>();
/** Requests by the socket that they came by. */
const served = new Map<Socket, number>();
let arrived = 0;
const get = (fields: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'GET',
  headers: {},
  signal: new AbortController().signal,
  maxBytes: 1000,
  ...fields,
});

beforeEach(async () => {
  connections.clear();
  served.clear();
  arrived = 0;
  server = createServer((request, response) => {
    arrived += 1;
    const before = served.get(request.socket) ?? 0;
    served.set(request.socket, before + 1);
    if (request.url === '/echo') request.pipe(response);
    else if (request.url === '/moved') response.writeHead(302, { location: '/echo' }).end();
    else if (request.url === '/dead' || (request.url === '/once' && before > 0)) request.socket.destroy();
    else if (request.url === '/never') request.resume();
    else response.end(`${'é'.repeat(10)}${request.url}`);
  });
  server.on('connection', (socket) => connections.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createHttpClient();
});
afterEach(async () => {
  client.close();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
});

test('one connection serves many requests; a body is sent whole, with its length', async () => {
  for (let i = 0; i < 5; i++) expect((await client.request(`${url}/x`, get())).body).toBe(`${'é'.repeat(10)}/x`);
  expect(connections.size).toBe(1);
  const echoed = await client.request(`${url}/echo`, get({ method: 'POST', body: 'ü€😀' }));
  expect(echoed).toMatchObject({ status: 200, body: 'ü€😀' });
});

test('a request by a kept connection that the server closes under it is sent again only if it may be', async () => {
  const sent = async (fields: Partial<HttpRequest>) => {
    await client.request(`${url}/x`, get());
    arrived = 0;
    return client.request(`${url}/once`, get(fields));
  };
  expect((await sent({})).status).toBe(200);
  expect(arrived).toBe(2);
  await expect(sent({ method: 'POST', body: 'x' })).rejects.toThrow(HttpError);
  expect(arrived).toBe(1);
  expect((await sent({ method: 'POST', body: 'x', repeatable: true })).status).toBe(200);
  expect(arrived).toBe(2);
});

test('a request by a new connection that the server closes is never sent again', async () => {
  await expect(client.request(`${url}/dead`, get())).rejects.toThrow(HttpError);
  expect(arrived).toBe(1);
});

test('what the server closed while nobody used it is replaced', async () => {
  await client.request(`${url}/x`, get());
  for (const socket of connections) socket.destroy();
  expect((await client.request(`${url}/x`, get())).status).toBe(200);
});

test('redirects are not followed', async () => {
  expect((await client.request(`${url}/moved`, get())).status).toBe(302);
});

test('an answer that is too long, and nobody at the address', async () => {
  await expect(client.request(`${url}/x`, get({ maxBytes: 10 }))).rejects.toMatchObject({ kind: 'too-large' });
  await expect(client.request('http://127.0.0.1:1/', get())).rejects.toThrow(HttpError);
});

test('aborting ends the request with the signal’s reason, before and after its start', async () => {
  const controller = new AbortController();
  const request = client.request(`${url}/never`, get({ signal: controller.signal }));
  controller.abort(new Error('enough'));
  await expect(request).rejects.toThrow('enough');
  await expect(client.request(`${url}/x`, get({ signal: controller.signal }))).rejects.toThrow('enough');
});
