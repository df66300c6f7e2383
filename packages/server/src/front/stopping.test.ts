import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exchange } from '../conformance/http-exchange.suite.js';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

let cloud: TestCloud;
let server: Replica;
let neutron: Server;
let address: string;
/** Lets whoever looks up a port go on. */
let found: () => void;
let lookedUp: Promise<void>;

beforeEach(async () => {
  neutron = createServer();
  neutron.listen(0, '127.0.0.1');
  await once(neutron, 'listening');
  const url = `http://127.0.0.1:${(neutron.address() as AddressInfo).port}`;
  cloud = new TestCloud();
  const lookup = new Promise<void>((resolve) => {
    found = resolve;
  });
  let asked: () => void = () => undefined;
  lookedUp = new Promise((resolve) => {
    asked = resolve;
  });
  server = await cloud.replica({
    ports: {
      lookup: async () => {
        asked();
        await lookup;
        return { is: 'known', projectId: acme, visible: true };
      },
    },
    neutron: { url, silenceMs: 30_000, portGone: async () => true },
  });
  address = await server.api.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  found();
  await cloud.stop();
  neutron.closeAllConnections();
  await new Promise((resolve) => neutron.close(resolve));
});

const get = (path: string) => exchange(address, { method: 'GET', path, headers: { 'x-project-id': acme } });

/** Begins to stop. @returns what tells whether it is done */
function stop(): { readonly done: Promise<void>; readonly state: { closed: boolean } } {
  const state = { closed: false };
  const done = server.api.close().then(() => {
    state.closed = true;
  });
  return { done, state };
}

describe('a stop', () => {
  it('lets Neutron answer what was passed on to it, and takes no new connections', async () => {
    const reply = get('/v2.0/networks');
    const [, response] = (await once(neutron, 'request')) as [IncomingMessage, ServerResponse];
    const { done, state } = stop();
    await expect(get('/v2.0/networks')).rejects.toThrow();
    expect(state.closed).toBe(false);
    response.end('from Neutron');
    expect(await reply).toMatchObject({ status: 200, text: 'from Neutron' });
    await done;
  });

  it('lets what was asked of Neutron for an answer of ours arrive', async () => {
    const headers = { 'x-project-id': 'ops', 'x-roles': 'admin' };
    const reply = exchange(address, { method: 'GET', path: `/v2.0/quotas/${acme}`, headers });
    const [, response] = (await once(neutron, 'request')) as [IncomingMessage, ServerResponse];
    const { done, state } = stop();
    await expect(get('/v2.0/networks')).rejects.toThrow();
    expect(state.closed).toBe(false);
    response.end('{"quota": {"network": 5}}');
    expect(JSON.parse((await reply).text).quota).toMatchObject({ network: 5, tap_flow: -1 });
    await done;
  });

  it('finishes what is being made', async () => {
    const body = Buffer.from(JSON.stringify({ tap_service: { port_id: portId(1) } }));
    const path = '/v2.0/taas/tap_services';
    const reply = exchange(address, { method: 'POST', path, headers: { 'x-project-id': acme }, body });
    await lookedUp;
    const { done, state } = stop();
    await expect(get(path)).rejects.toThrow();
    expect(state.closed).toBe(false);
    found();
    expect((await reply).status).toBe(201);
    await done;
  });

  it('answers by a connection that stands as always, and closes it', async () => {
    const waiting = get('/v2.0/networks');
    const [, response] = (await once(neutron, 'request')) as [IncomingMessage, ServerResponse];
    const socket = connect(Number(new URL(address).port), '127.0.0.1');
    await once(socket, 'connect');
    // One request and half of another: when the first is answered, the second has begun, and the connection is not idle.
    const head = `GET /v2.0/taas/tap_services HTTP/1.1\r\nHost: h\r\nX-Project-Id: ${acme}\r\n`;
    socket.write(`${head}\r\n${head}`);
    const [first] = await once(socket, 'data');
    expect(String(first)).toMatch(/^HTTP\/1.1 200 /);
    const { done } = stop();
    await expect(get('/v2.0/networks')).rejects.toThrow();
    socket.write('\r\n');
    let received = '';
    for await (const piece of socket) received += String(piece);
    expect(received).toMatch(/^HTTP\/1.1 200 /);
    expect(received.toLowerCase()).toContain('\r\nconnection: close\r\n');
    response.end();
    await Promise.all([waiting, done]);
  });
});
