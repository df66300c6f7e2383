import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig, type LogFields, type Logger, systemClock } from '@taas/service';
import { createEmbeddedStore, type EmbeddedStore } from '@taas/store/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AnswerBody } from './answer-body.suite.js';
import { checkServerConfig, serverConfigSchema } from './config.js';
import { FakeKeystone, FakeNeutron, serveKeystone } from './conformance/fake-cloud.suite.js';
import { createServer, type Server } from './server.js';
import { acme, portId, umbrella } from './test-cloud.suite.js';

let folder: string;
let store: EmbeddedStore;
let fakeKeystone: FakeKeystone;
let keystone: Awaited<ReturnType<typeof serveKeystone>>;
let neutron: FakeNeutron;
let server: Server;
let logged: LogFields[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'taas-server-'));
  writeFileSync(join(folder, 'password'), 'the-service-password\n', { mode: 0o600 });
  writeFileSync(join(folder, 'policy.yaml'), '"update_tap_service": "rule:admin_only"\n');
  store = createEmbeddedStore({ clock: systemClock });
  fakeKeystone = new FakeKeystone({
    alice: { project: acme, roles: ['member', 'reader'] },
    'gAAAAAB-a-good-token': { id: 'dave', project: acme, roles: ['member', 'reader'] },
    bob: { project: umbrella, roles: ['member', 'reader'] },
    admin: { project: 'admin', roles: ['admin', 'member', 'reader'] },
  });
  keystone = await serveKeystone(fakeKeystone);
  neutron = new FakeNeutron((token) => fakeKeystone.users[token]);
  for (const n of [1, 2]) neutron.ports.set(portId(n), { project: acme });
  // On a network of alice's: she sees it.
  neutron.ports.set(portId(3), { project: umbrella, seenBy: [acme] });
  const given = {
    listen: { host: '127.0.0.1', port: 0 },
    health: { port: 0 },
    auth: {
      ...{ mode: 'keystone', policy_file: join(folder, 'policy.yaml') },
      keystone: { url: keystone.url, user_name: 'taas', password_file: join(folder, 'password') },
    },
    neutron: { url: await neutron.start(), poll_ms: 500 },
    networking_vpp: { bindings: 'neutron' },
    quotas: { tap_service: 2 },
  };
  const config = checkServerConfig(checkConfig(serverConfigSchema, given, 'test'), 'test');
  logged = [];
  const note = (fields: LogFields, message: string) => void logged.push({ ...fields, message });
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  server = createServer(config, {
    ...{ store: store.client(), clock: systemClock, logger, random: () => 0.5, newId: randomUUID, replica: 'r' },
  });
  await server.start();
  await vi.waitFor(() => expect(server.leading).toBe(true));
});
afterEach(async () => {
  await server.stop();
  await store.close();
  await neutron.stop();
  await keystone.close();
  rmSync(folder, { recursive: true });
});

async function ask(token: string, method: string, path: string, body?: object) {
  const reply = await fetch(`${server.address}${path}`, {
    ...{ method, headers: { 'x-auth-token': token } },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const text = await reply.text();
  return { status: reply.status, body: (text === '' ? null : JSON.parse(text)) as AnswerBody };
}
const services = '/v2.0/taas/tap_services';
const make = (port: string, token = 'alice') => ask(token, 'POST', services, { tap_service: { port_id: port } });

describe('a server with a Keystone and a Neutron', () => {
  it('lets in whom Keystone knows, on ports that Neutron has and that are theirs', async () => {
    expect((await make(portId(1))).status).toBe(201);
    expect((await make(portId(1), 'mallory')).status).toBe(401);
    expect((await make(portId(9))).body.NeutronError.type).toBe('PortNotFound');
    expect((await make(portId(1), 'bob')).body.NeutronError.type).toBe('PortNotFound');
    // Whoever sees a port may know that it is there, and still not mirror it.
    expect((await make(portId(3))).body.NeutronError.type).toBe('PortDoesNotBelongToTenant');
  });

  it('keeps to policy file and quotas of its configuration', async () => {
    const made = await make(portId(1));
    const path = `${services}/${made.body.tap_service.id}`;
    expect((await ask('alice', 'PUT', path, { tap_service: { name: 'x' } })).status).toBe(403);
    expect((await ask('admin', 'PUT', path, { tap_service: { name: 'x' } })).status).toBe(200);
    expect((await make(portId(1))).status).toBe(201);
    expect((await make(portId(1))).body.NeutronError.type).toBe('OverQuota');
  });

  it('takes taps away whose port is gone, by whichever way it went', async () => {
    const first = await make(portId(1));
    const second = await make(portId(2));
    const paths = [first, second].map(({ body }) => `${services}/${body.tap_service.id}`);
    expect((await ask('alice', 'DELETE', `/v2.0/ports/${portId(1)}`)).status).toBe(204);
    expect((await ask('alice', 'GET', paths[0] ?? '')).status).toBe(404);
    expect((await make(portId(1))).status).toBe(404);
    expect((await ask('alice', 'GET', paths[1] ?? '')).status).toBe(200);
    neutron.ports.delete(portId(2)); // By nova, say.
    await vi.waitFor(async () => expect((await ask('alice', 'GET', paths[1] ?? '')).status).toBe(404), 10_000);
  });

  it('takes nothing away while Neutron cannot be asked', async () => {
    const made = await make(portId(1));
    await neutron.stop();
    neutron.ports.clear();
    // Two looks that have failed are as many as it takes to believe that a port is gone.
    const age = async () =>
      (await (await fetch(`${server.healthAddress}/readyz`)).json()) as { ports_seen_ms_ago: number };
    await vi.waitFor(async () => expect((await age()).ports_seen_ms_ago).toBeGreaterThan(1_500), 10_000);
    expect((await make(portId(2))).status).toBe(503);
    expect((await ask('alice', 'GET', `${services}/${made.body.tap_service.id}`)).status).toBe(200);
    await neutron.start();
  });

  it('logs no token and no password', async () => {
    await make(portId(1), 'gAAAAAB-a-good-token');
    await make(portId(1), 'gAAAAAB-a-secret-token');
    await ask('gAAAAAB-a-good-token', 'GET', `/v2.0/ports/${portId(1)}`);
    const text = JSON.stringify(logged);
    expect(text).toContain('"status":201');
    expect(text).toContain('"user":"dave"');
    for (const secret of ['gAAAAAB-a-secret-token', 'gAAAAAB-a-good-token', 'the-service-password'])
      expect(text).not.toContain(secret);
    const refused = await fetch(`${server.address}${services}`, { headers: { 'x-auth-token': 'nobody' } });
    expect(logged.some(({ status, message }) => status === 401 && message === 'request')).toBe(true);
    expect(refused.headers.get('x-openstack-request-id')).toMatch(/^req-/);
  });
});
