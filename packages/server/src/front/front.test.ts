import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exchange } from '../conformance/http-exchange.suite.js';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

let cloud: TestCloud;
let server: Replica;
let neutron: Server;
let address: string;
let handler: Handler;
/** What Neutron says of a port to whoever asks it with the service user's token. */
let gone: (port: string) => boolean;
let requests: { url: string; headers: IncomingMessage['headers']; raw: string[]; body: Buffer }[];

beforeEach(async () => {
  requests = [];
  gone = () => true;
  handler = (_request, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('from Neutron');
  neutron = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      requests.push({ url: request.url ?? '', headers: request.headers, raw: request.rawHeaders, body });
      handler(request, response, body);
    });
  });
  await new Promise<void>((resolve) => neutron.listen(0, '127.0.0.1', resolve));
  const { port } = neutron.address() as AddressInfo;
  cloud = new TestCloud();
  await cloud.bind('node1', portId(1), acme);
  await cloud.agent('node1');
  server = await cloud.replica({
    neutron: { url: `http://127.0.0.1:${port}`, silenceMs: 1_000, portGone: async (port) => gone(port) },
    limits: { bodyBytes: 64 * 1024 },
  });
  address = await server.api.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await cloud.stop();
  neutron.closeAllConnections();
  await new Promise((resolve) => neutron.close(resolve));
});

const send = (method: string, path: string, headers: Record<string, string> = {}, body?: Buffer, chunked = false) =>
  exchange(address, { method, path, headers: { host: 'cloud.example:8443', ...headers }, body, chunked });

describe('what is not TaaS', () => {
  it('goes to Neutron as it came: method, path, query, headers, Host', async () => {
    const reply = await send('REPORT', '/v2.0//networks/a%2Fb.json?x=1&x=%C3%B3', {
      'x-auth-token': 'secret',
      te: 'x',
    });
    expect(reply).toMatchObject({ status: 200, text: 'from Neutron' });
    const { url, headers } = requests[0] ?? { url: '', headers: {} as IncomingMessage['headers'] };
    expect(url).toBe('/v2.0//networks/a%2Fb.json?x=1&x=%C3%B3');
    expect(headers).toMatchObject({ host: 'cloud.example:8443', 'x-auth-token': 'secret' });
    expect(headers['te']).toBeUndefined();
  });

  it('keeps its body whole, larger than any body of ours, with its Content-Length', async () => {
    const body = randomBytes(300_000);
    handler = (_request, response, received) => void response.writeHead(201).end(received);
    const reply = await send('POST', '/v2.0/networks', { 'content-type': 'application/json' }, body);
    expect(reply.status).toBe(201);
    expect(requests[0]?.body.equals(body)).toBe(true);
    expect(requests[0]?.headers['content-length']).toBe('300000');
    expect(requests[0]?.headers['transfer-encoding']).toBeUndefined();
  });

  it('is given a length if it has none, since Neutron reads no other body, up to a limit', async () => {
    await send('POST', '/v2.0/networks', { 'transfer-encoding': 'chunked' }, Buffer.from('{"network": {}}'), true);
    expect(requests[0]?.body.toString()).toBe('{"network": {}}');
    expect(requests[0]?.headers['content-length']).toBe('15');
    expect(requests[0]?.headers['transfer-encoding']).toBeUndefined();
    const large = await send('POST', '/v2.0/networks', { 'transfer-encoding': 'chunked' }, randomBytes(70_000), true);
    expect(large.status).toBe(413);
    expect(large.headers['x-openstack-request-id']).toMatch(/^req-/);
    expect(requests).toHaveLength(1);
  });

  it('is answered while Neutron still answers', async () => {
    let finish: () => void = () => undefined;
    handler = (_request, response) => {
      response.writeHead(200);
      response.write('first ');
      finish = () => void response.end('last');
    };
    const { port } = new URL(address);
    const socket = connect(Number(port), '127.0.0.1');
    let received = '';
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', resolve);
      socket.on('data', (chunk) => {
        received += chunk.toString();
        // Neutron ends only once the client has its beginning: a server that waits for all would wait for ever.
        if (received.includes('first')) finish();
      });
      socket.write('GET /v2.0/ports HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    });
    expect(received).toMatch(/^HTTP\/1.1 200/);
    expect(received).toContain('last');
    expect(received.toLowerCase()).toContain('connection: close');
  });

  it('keeps the connection unless the client wants it closed, ours and Neutron’s alike', async () => {
    const { port } = new URL(address);
    const ask = (paths: readonly string[], connection: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(port), '127.0.0.1');
        let received = '';
        socket.on('error', reject);
        socket.on('close', () => resolve(received));
        socket.on('data', (chunk) => {
          received += chunk.toString();
          if (received.split('HTTP/1.1 ').length - 1 === paths.length && connection !== 'close') socket.end();
        });
        for (const path of paths) {
          socket.write(`GET ${path} HTTP/1.1\r\nHost: h\r\nX-Project-Id: acme\r\nConnection: ${connection}\r\n\r\n`);
        }
      });
    for (const path of ['/v2.0/ports', '/v2.0/taas/tap_services']) {
      expect((await ask([path], 'close')).toLowerCase()).toContain('\r\nconnection: close');
    }
    const kept = await ask(['/v2.0/ports', '/v2.0/taas/tap_services'], 'keep-alive');
    expect(kept.match(/HTTP\/1.1 200/g)).toHaveLength(2);
    expect(kept.toLowerCase()).not.toContain('connection: close');
  });

  it('is a 504 with a request id when Neutron is silent, and a 503 when it is gone; taps are still shown', async () => {
    handler = () => undefined;
    const silent = await send('GET', '/v2.0/ports');
    expect(silent).toMatchObject({
      status: 504,
      headers: { 'x-openstack-request-id': expect.stringMatching(/^req-/) },
    });
    expect(JSON.parse(silent.text).NeutronError.message).toMatch(/networking service did not answer/);
    neutron.closeAllConnections();
    await new Promise((resolve) => neutron.close(resolve));
    expect((await send('GET', '/v2.0/ports')).status).toBe(503);
    expect((await send('GET', '/v2.0/taas/tap_services', { 'x-project-id': acme })).status).toBe(200);
  });
});

describe('through the pass-through', () => {
  it('a port takes its taps along before its deletion is known, however it is spelled', async () => {
    const alice = server.as(acme);
    const mirror = { port_id: portId(2), mirror_type: 'gre', remote_ip: '198.51.100.9' };
    for (const path of [`/v2.0/ports/${portId(1)}`, `/v2.0//ports/${portId(1)}.json`, `/v2.0/%70orts/${portId(1)}/`]) {
      const made = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1) } });
      const id = made.body.tap_service.id;
      const source = { tap_service_id: id, source_port: portId(2), direction: 'IN' };
      const flow = await alice('POST', '/v2.0/taas/tap_flows', { tap_flow: source });
      const directions = { IN: path.length };
      const mirrored = await alice('POST', '/v2.0/taas/tap_mirrors', { tap_mirror: { ...mirror, directions } });
      expect(mirrored.status).toBe(201);
      handler = (_request, response) => void response.writeHead(409).end('{}');
      await send('DELETE', path);
      expect((await alice('GET', `/v2.0/taas/tap_services/${id}`)).status).toBe(200);
      handler = (_request, response) => void response.writeHead(204).end();
      expect((await send('DELETE', path)).status).toBe(204);
      expect((await alice('GET', `/v2.0/taas/tap_services/${id}`)).status).toBe(404);
      expect((await alice('GET', `/v2.0/taas/tap_flows/${flow.body.tap_flow.id}`)).status).toBe(404);
      expect((await alice('GET', '/v2.0/taas/tap_mirrors')).body.tap_mirrors).toHaveLength(1);
      expect((await send('DELETE', path.replace(portId(1), portId(2)))).status).toBe(204);
      expect((await alice('GET', '/v2.0/taas/tap_mirrors')).body.tap_mirrors).toEqual([]);
    }
  });

  it('no port’s taps go for a DELETE that only a proxy has answered, nor for anything else that is a 204', async () => {
    const alice = server.as(acme);
    const made = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1) } });
    const shown = async () => (await alice('GET', `/v2.0/taas/tap_services/${made.body.tap_service.id}`)).status;
    handler = (_request, response) => void response.writeHead(204).end();
    const path = `/v2.0/ports/${portId(1)}`;
    for (const method of ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'PATCH']) {
      expect((await send(method, path, { 'x-http-method-override': 'DELETE' })).status).toBe(204);
      expect(await shown()).toBe(200);
    }
    gone = () => false;
    expect((await send('DELETE', path)).status).toBe(204);
    gone = () => {
      throw new Error('Neutron does not answer');
    };
    expect((await send('DELETE', path)).status).toBe(204);
    expect(await shown()).toBe(200);
    gone = (port) => port === portId(1);
    expect((await send('DELETE', path)).status).toBe(204);
    expect(await shown()).toBe(404);
  });

  it('Neutron is not asked about a port without taps', async () => {
    const asked: string[] = [];
    gone = (port) => asked.push(port) > 0;
    handler = (_request, response) => void response.writeHead(204).end();
    expect((await send('DELETE', `/v2.0/ports/${portId(3)}`)).status).toBe(204);
    expect(asked).toEqual([]);
  });

  it('our extensions and resources stand beside Neutron’s', async () => {
    const theirs = [{ alias: 'net-mtu' }, { alias: 'taas', name: 'of a plugin' }];
    handler = (request, response) => {
      const list = request.url === '/v2.0/' ? { resources: [{ collection: 'networks' }] } : { extensions: theirs };
      response.writeHead(200, { 'x-openstack-request-id': 'req-of-neutron' }).end(JSON.stringify(list));
    };
    const headers = { 'x-project-id': acme };
    const { extensions } = JSON.parse((await send('GET', '/v2.0/extensions', headers)).text);
    expect(extensions.map(({ alias }: { alias: string }) => alias)).toEqual(
      [
        ...['net-mtu', 'taas', 'taas-vlan-filter', 'tap-mirror', 'tap-mirror-both-direction'],
        ...[
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
        ],
      ], // Each once.
    );
    // What Neutron says of its own stays as it is.
    expect(extensions[1].name).toBe('of a plugin');
    const { resources } = JSON.parse((await send('GET', '/v2.0/', headers)).text);
    expect(resources.map(({ collection }: { collection: string }) => collection)).toEqual([
      'networks',
      'tap_services',
      'tap_flows',
      'tap_mirrors',
      'tapped_ports',
    ]);
    expect(resources[1]).toEqual({
      name: 'tap_service',
      collection: 'tap_services',
      links: [{ rel: 'self', href: 'http://cloud.example:8443/v2.0/taas/tap_services' }],
    });
    const one = JSON.parse((await send('GET', '/v2.0/extensions/tap-mirror', headers)).text);
    expect(one.extension.alias).toBe('tap-mirror');
  });

  it('quotas of both are set and shown together, and Neutron’s refusal comes first', async () => {
    let network = 5;
    handler = (request, response, body) => {
      if (request.method === 'PUT') network = JSON.parse(body.toString()).quota.network;
      const status = network < -1 ? 400 : 200;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ quota: { network } }));
    };
    const headers = { 'x-project-id': 'ops', 'x-roles': 'admin' };
    const put = (quota: object) => send('PUT', `/v2.0/quotas/${acme}`, headers, Buffer.from(JSON.stringify({ quota })));
    expect(JSON.parse((await put({ network: 7, tap_flow: 2 })).text)).toEqual({
      quota: { network: 7, tap_service: -1, tap_flow: 2, tap_mirror: -1 },
    });
    expect(JSON.parse(requests[0]?.body.toString() ?? '')).toEqual({ quota: { network: 7 } });
    expect((await put({ network: -9, tap_flow: 3 })).status).toBe(400);
    network = 7;
    const shown = await send('GET', `/v2.0/quotas/${acme}`, headers);
    expect(JSON.parse(shown.text).quota).toMatchObject({ network: 7, tap_flow: 2 });
  });
});
