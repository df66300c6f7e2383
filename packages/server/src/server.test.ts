import { randomUUID } from 'node:crypto';
import { keys, prefixes } from '@taas/model';
import { checkConfig, type LogFields, type Logger, silentLogger, systemClock } from '@taas/service';
import type { Store } from '@taas/store';
import { createEmbeddedStore, type EmbeddedStore } from '@taas/store/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AnswerBody } from './answer-body.suite.js';
import { UnsafeListenError } from './auth/development.js';
import { serverConfigSchema } from './config.js';
import { createServer, type Server } from './server.js';
import { storeWith } from './store-with.suite.js';
import { acme, portId } from './test-cloud.suite.js';

let store: EmbeddedStore;
const running: Server[] = [];
beforeEach(() => {
  store = createEmbeddedStore({ clock: systemClock });
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await store.close();
});

function make(overrides: object = {}, logger: Logger = silentLogger, seen: Store = store.client()): Server {
  const listen = { host: '127.0.0.1', port: 0 };
  const config = checkConfig(
    serverConfigSchema,
    {
      ...{ listen, health: { port: 0 }, auth: { mode: 'development' }, networking_vpp: { bindings: 'etcd-v3' } },
      ...overrides,
    },
    'test',
  );
  const deps = {
    store: seen,
    clock: systemClock,
    logger,
    random: Math.random,
    newId: randomUUID,
    replica: 'r',
  };
  const server = createServer(config, deps);
  running.push(server);
  return server;
}

const asAcme = { 'x-project-id': acme };
const list = (server: Server, headers: Record<string, string> = asAcme) =>
  fetch(`${server.address}/v2.0/taas/tap_services`, { headers });
const health = async (server: Server, path: string) => {
  const reply = await fetch(`${server.healthAddress}${path}`);
  return { status: reply.status, body: (await reply.json()) as AnswerBody };
};
const ready = (server: Server) => vi.waitFor(async () => expect((await health(server, '/readyz')).status).toBe(200));

describe('a server', () => {
  it('is closed until an operator says how to authenticate', async () => {
    const server = make({ auth: {} });
    await server.start();
    await ready(server);
    const reply = await list(server);
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toBe('Keystone uri="http://127.0.0.1:5000"');
    expect((await health(server, '/healthz')).body.warning).toContain('closed');
  });

  it('refuses development mode on an address that others can reach', () => {
    for (const host of ['0.0.0.0', '192.0.2.1', '::', 'example.org', '']) {
      expect(() => make({ listen: { host, port: 0 } })).toThrow(UnsafeListenError);
    }
    for (const host of ['127.0.0.2', '::1', 'localhost'])
      expect(() => make({ listen: { host, port: 0 } })).not.toThrow();
  });

  it('warns of development mode, and logs each request with its id', async () => {
    const lines: (LogFields & { readonly message: string })[] = [];
    const logger = (bound: LogFields): Logger => {
      const note = (fields: LogFields, message: string) => void lines.push({ ...bound, ...fields, message });
      return { debug: note, info: note, warn: note, error: note, child: (fields) => logger({ ...bound, ...fields }) };
    };
    const server = make({}, logger({}));
    await server.start();
    await ready(server);
    expect((await health(server, '/healthz')).body.warning).toContain('DEVELOPMENT MODE');
    expect(lines.some(({ message }) => message.includes('DEVELOPMENT MODE'))).toBe(true);
    const reply = await list(server);
    expect(reply.status).toBe(200);
    const id = reply.headers.get('x-openstack-request-id');
    await vi.waitFor(() =>
      expect(lines.find(({ message }) => message === 'request')).toMatchObject({
        request_id: id,
        status: 200,
        project: acme,
      }),
    );
  });

  it('compiles on one replica at a time, and another takes over', async () => {
    const [one, two] = [make(), make()];
    await one.start();
    await two.start();
    await vi.waitFor(() => expect([one.leading, two.leading].sort()).toEqual([false, true]), 10_000);
    const [leader, follower] = one.leading ? [one, two] : [two, one];
    await ready(leader);
    await ready(follower);
    expect((await health(leader, '/readyz')).body.role).toBe('leader');
    expect((await health(follower, '/readyz')).body.role).toBe('follower');
    await leader.stop();
    await vi.waitFor(() => expect(follower.leading).toBe(true), 10_000);
    await store.transact({
      compare: [],
      operations: [{ kind: 'put', key: keys.boundPort('node1', portId(1)), value: '{}' }],
    });
    const body = JSON.stringify({ tap_service: { port_id: portId(1) } });
    const made = await fetch(`${follower.address}/v2.0/taas/tap_services`, { method: 'POST', headers: asAcme, body });
    expect(made.status).toBe(201);
    const { id } = ((await made.json()) as { tap_service: { id: string } }).tap_service;
    await vi.waitFor(async () => expect(await store.get(keys.nodeResource('node1', 'tap_services', id))).toBeDefined());
  });

  it('does nothing as the leader before it sees all that was written until it led', async () => {
    const other = await store.lease(60);
    const lead = { kind: 'put', key: keys.leader, value: '{}', lease: other.id } as const;
    await store.transact({ compare: [], operations: [lead] });
    const inner = store.client();
    let isBlind = false;
    async function* follow(...[under, signal]: Parameters<Store['follow']>) {
      for await (const event of inner.follow(under, signal)) {
        if (event.kind === 'snapshot') isBlind &&= !under.includes(prefixes.api);
        if (!isBlind || !under.includes(prefixes.api)) yield event;
      }
    }
    const server = make({ election: { ttl_s: 2 } }, silentLogger, storeWith(inner, { follow }));
    await server.start();
    await ready(server);
    isBlind = true;
    await other.revoke();
    await vi.waitFor(async () => expect((await store.get(keys.leader))?.value).toContain('"r"'), { timeout: 5_000 });
    expect(server.leading).toBe(false);
    inner.breakFollowers();
    await vi.waitFor(() => expect(server.leading).toBe(true), { timeout: 5_000 });
  });

  it('is not ready while etcd is out of sight, and names malformed records', async () => {
    const server = make();
    await server.start();
    await ready(server);
    const key = keys.resource('tap_flows', portId(5));
    await store.transact({ compare: [], operations: [{ kind: 'put', key, value: '{' }] });
    await vi.waitFor(async () => {
      expect((await health(server, '/readyz')).body.malformed_records).toEqual([{ key, problem: 'is not JSON' }]);
    });
    store.stop();
    await vi.waitFor(async () => expect((await health(server, '/readyz')).status).toBe(503));
    expect((await list(server)).status).toBe(503);
    expect((await health(server, '/healthz')).status).toBe(200);
    store.start();
    await ready(server);
    expect((await list(server)).status).toBe(200);
  });

  it('says what keeps it from listening', async () => {
    const first = make();
    await first.start();
    const port = Number(new URL(first.address).port);
    await expect(make({ listen: { host: '127.0.0.1', port } }).start()).rejects.toThrow(/EADDRINUSE/);
  });
});
