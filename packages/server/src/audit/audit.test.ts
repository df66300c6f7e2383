import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEntry, keys, prefixes } from '@taas/model';
import { checkConfig, silentLogger, systemClock } from '@taas/service';
import type { Store } from '@taas/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mostWrites } from '../compiler/most-writes.js';
import { serverConfigSchema } from '../config.js';
import { createServer, type Server } from '../server.js';
import { storeWith } from '../store-with.suite.js';
import { acme, portId, TestCloud, umbrella } from '../test-cloud.suite.js';
import { missingChanges } from '../view/missing-changes.suite.js';
import { mostUnexported } from './audit.js';

type Line = Omit<AuditEntry, 'at'> & { readonly id: string; readonly time: string };

let cloud: TestCloud;
let folder: string;
const running: Server[] = [];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'taas-audit-'));
  cloud = new TestCloud();
  for (let n = 1; n <= 3; n++) await cloud.bind('node1', portId(n), acme);
  await cloud.bind('node1', portId(11), umbrella);
  await cloud.agent('node1');
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const file = () => join(folder, 'audit.log');

async function create(
  audit: object = { file: file() },
  taps: object = {},
  store: Store = cloud.store.client(),
): Promise<Server> {
  const config = checkConfig(
    serverConfigSchema,
    {
      ...{
        listen: { port: 0 },
        health: { port: 0 },
        auth: { mode: 'development' },
        audit,
        taps,
        election: { ttl_s: 2 },
      },
      ...{ networking_vpp: { bindings: 'etcd-v3' }, quotas: { tap_service: -1 } },
      segments: [{ type: 'vlan', physnet: 'physnet1', first: 3900, last: 3999 }],
    },
    'test',
  );
  const server = createServer(config, {
    ...{ store, clock: systemClock, logger: silentLogger, random: Math.random },
    ...{ newId: randomUUID, replica: 'r' },
  });
  running.push(server);
  await server.start();
  return server;
}

async function start(...how: Parameters<typeof create>): Promise<Server> {
  const server = await create(...how);
  await vi.waitFor(() => expect(server.leading).toBe(true), { timeout: 5_000 });
  await vi.waitFor(async () => expect((await facts(server))['etcd']).toBe('in sight'), { timeout: 5_000 });
  return server;
}

async function facts(server: Server) {
  const ready = (await (await fetch(`${server.healthAddress}/readyz`)).json()) as {
    readonly audit: Readonly<Record<string, unknown>>;
  };
  return ready.audit;
}

async function call(server: Server, method: string, path: string, body?: object, project = acme, roles = 'member') {
  const reply = await fetch(`${server.address}/v2.0/taas/${path}`, {
    method,
    headers: { 'x-project-id': project, 'x-roles': roles, 'x-user-id': `user-of-${project}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  const json = (text === '' ? {} : JSON.parse(text)) as Record<string, never>;
  return { status: reply.status, json, requestId: reply.headers.get('x-openstack-request-id') };
}

const lines = (of = file()): Line[] =>
  readFileSync(of, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

const until = (what: () => void | Promise<void>) => vi.waitFor(what, { timeout: 8_000, interval: 20 });
const trail = async (server: Server, query = '') =>
  (await call(server, 'GET', `audit${query}`, undefined, 'ops', 'admin')).json['audit'] as unknown as Line[];

const service = (port: number) => ({ tap_service: { port_id: portId(port), name: 'probe' } });
const mirror = {
  tap_mirror: { port_id: portId(3), mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { IN: '7' } },
};
const idOf = (reply: { readonly json: Record<string, never> }) =>
  (Object.values(reply.json)[0] as unknown as { readonly id: string }).id;

describe('the audit trail', () => {
  it('tells who tapped whose port to where, when it began and ended, in etcd, the file and the API', async () => {
    const server = await start();
    const made = await call(server, 'POST', 'tap_services', service(1));
    const to = idOf(made);
    const flow = { tap_flow: { tap_service_id: to, source_port: portId(2), direction: 'IN', vlan_filter: '7' } };
    const flowId = idOf(await call(server, 'POST', 'tap_flows', flow));
    await call(server, 'PUT', `tap_flows/${flowId}`, { tap_flow: { description: 'for the auditor' } });
    await until(async () => {
      await cloud.report('node1');
      expect(lines().filter(({ event }) => event === 'began')).toHaveLength(2);
    });
    await call(server, 'DELETE', `tap_services/${to}`);
    await until(async () => {
      await cloud.report('node1');
      expect(lines().filter(({ event }) => event === 'ended')).toHaveLength(2);
    });
    const published = lines().filter(({ tap }) => tap?.id === flowId);
    expect(published.map(({ event }) => event)).toEqual(['created', 'changed', 'began', 'deleted', 'ended']);
    expect(published[0]).toMatchObject({
      ...{ event: 'created', user_id: `user-of-${acme}`, project_id: acme, request_id: expect.stringMatching(/^req-/) },
      tap: {
        ...{ kind: 'tap_flows', project_id: acme, port_id: portId(2), port_project_id: acme, direction: 'IN' },
        ...{ filtered: true, tap_service_id: to, collector_port_id: portId(1) },
      },
    });
    expect(published[1]?.detail).toBe('changed: description');
    expect(published[3]).toMatchObject({ user_id: null, detail: 'its tap service was deleted' });
    expect(lines()[0]).toMatchObject({ request_id: made.requestId, tap: { id: to, name: 'probe' } });
    expect(await trail(server, `?port_id=${portId(2)}`)).toEqual(published);
    for (const { time } of published) expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
  });

  it('tells that a tap has begun though the server has seen no event of that', async () => {
    const { store, miss } = missingChanges(cloud.store.client());
    const server = await start({ file: file() }, {}, store);
    const began = () => lines().filter(({ event }) => event === 'began');
    await call(server, 'POST', 'tap_services', service(1));
    await call(server, 'POST', 'tap_mirrors', mirror);
    const seen = idOf(await call(server, 'POST', 'tap_services', service(2)));
    await until(async () => expect((await cloud.nodeRecords()).size).toBe(3));
    const revision = (await cloud.store.get(keys.nodeResource('node1', 'tap_services', seen)))?.modRevision ?? 0;
    const state = { v: 1, id: seen, revision, status: 'ACTIVE', reason: '' };
    await cloud.put(keys.stateResource('node1', 'tap_services', seen), JSON.stringify(state));
    // Now the others have been looked at, and had not begun.
    await until(() => expect(began()).toHaveLength(1));
    miss();
    await cloud.report('node1');
    store.breakFollowers();
    await until(() => {
      const kinds = began().map(({ tap }) => tap?.kind);
      expect(kinds.sort()).toEqual(['tap_mirrors', 'tap_services', 'tap_services']);
    });
  });

  it('forgets nothing of taps that a server which has just started has not read yet', async () => {
    const ids = Array.from({ length: 120 }, (_, n) => portId(1_000 + n));
    const named = { v: 1, project_id: acme, name: '', description: '', created_at: 1 };
    const began = (id: string) => keys.auditBegan('tap_services', id);
    const entry = { event: 'began', at: Date.now(), user_id: null, project_id: null, request_id: null, tap: null };
    const text = JSON.stringify({ v: 1, entries: [entry] });
    const gone = portId(999);
    await cloud.put(began(gone), text);
    for (const [n, id] of ids.entries()) {
      await cloud.put(keys.resource('tap_services', id), JSON.stringify({ ...named, id, port_id: portId(2_000 + n) }));
      await cloud.put(began(id), text);
    }
    const inner = cloud.store.client();
    const read = new AbortController();
    const reading = new Promise((resolve) => read.signal.addEventListener('abort', resolve));
    async function* follow(...[under, signal]: Parameters<Store['follow']>) {
      if (under.includes(prefixes.api)) await reading;
      yield* inner.follow(under, signal);
    }
    const server = await create({ keep_records: 100 }, {}, storeWith(inner, { follow }));
    await until(async () => expect((await facts(server))['etcd']).toBe('in sight'));
    await until(async () => expect((await cloud.store.list(`${prefixes.api}servers/`)).entries).toHaveLength(1));

    expect(await cloud.store.get(keys.leader)).toBeUndefined();
    read.abort();
    // What is of no tap goes: there are more than a hundred.
    await until(async () => expect(await cloud.store.get(began(gone))).toBeUndefined());
    for (const id of ids) expect(await cloud.store.get(began(id))).toBeDefined();
  });

  it('tells who has asked for a tap, why and until when, and who has agreed', async () => {
    const server = await start({ file: file() }, { consent: 'others', max_ttl_s: 60, reason_required: true });
    const wish = { ...mirror.tap_mirror, project_id: acme, reason: 'INC-7' };
    const id = idOf(await call(server, 'POST', 'tap_mirrors', { tap_mirror: wish }, 'ops', 'admin'));
    const tap: { consent_to?: string } = (await call(server, 'GET', `tap_mirrors/${id}`)).json['tap_mirror'] ?? {};
    const seen = { tap_mirror: { consent_to: tap.consent_to } };
    expect((await call(server, 'PUT', `tap_mirrors/${id}/approve`, seen, 'ops', 'admin')).status).toBe(403);
    expect((await call(server, 'PUT', `tap_mirrors/${id}/approve`, seen)).status).toBe(200);
    await until(() => expect(lines().map(({ event }) => event)).toContain('expiring'));
    const told = lines().filter(({ tap }) => tap?.id === id);
    expect(told.map(({ event }) => event).sort()).toEqual(['agreed', 'created', 'expiring', 'refused']);
    const [created, agreed] = ['created', 'agreed'].map((each) => told.find(({ event }) => event === each));
    expect(created).toMatchObject({
      user_id: 'user-of-ops',
      tap: { requested_by: 'user-of-ops', agreed_by: null, reason: 'INC-7' },
    });
    expect(agreed).toMatchObject({
      user_id: `user-of-${acme}`,
      tap: { agreed_by: `user-of-${acme}`, expires_at: expect.any(Number) },
    });
    expect(await trail(server, '?event=agreed')).toHaveLength(1);
  });

  it('has mirrors with their address, and what ends before a node was told', async () => {
    const server = await start();
    const copied = await call(server, 'POST', 'tap_mirrors', {
      tap_mirror: { ...mirror.tap_mirror, port_id: portId(3) },
    });
    const id = idOf(copied);
    await call(server, 'DELETE', `tap_mirrors/${id}`);
    await until(async () => {
      await cloud.report('node1');
      expect((await trail(server)).map(({ event }) => event)).toContain('ended');
    });
    expect((await trail(server, '?event=created'))[0]).toMatchObject({
      tap: { kind: 'tap_mirrors', port_id: portId(3), mirror_type: 'gre', remote_ip: '198.51.100.9', direction: 'IN' },
    });
    expect((await trail(server, '?event=deleted'))[0]).toMatchObject({ user_id: `user-of-${acme}`, tap: { id } });
  });

  it('has what was refused, with what was asked for and why, but no token', async () => {
    const server = await start();
    const refused = await call(server, 'POST', 'tap_services', service(11));
    expect(refused.status).toBe(404);
    await call(server, 'POST', 'tap_services', service(1), acme, 'reader');
    await call(server, 'DELETE', `tap_flows/${portId(77)}`);
    const malformed = { tap_mirror: { ...mirror.tap_mirror, remote_ip: '127.0.0.1' } };
    expect((await call(server, 'POST', 'tap_mirrors', malformed)).status).toBe(400);
    expect((await call(server, 'POST', 'tap_flows', { tap_flow: 7 })).status).toBe(400);
    expect((await call(server, 'GET', 'audit')).status).toBe(403);
    const published = await trail(server, '?event=refused');
    expect(published).toMatchObject([
      { status: 404, error: 'PortNotFound', request_id: refused.requestId, tap: { port_id: portId(11) } },
      { status: 403, error: 'PolicyNotAuthorized', user_id: `user-of-${acme}`, method: 'POST' },
      { status: 404, error: 'TapFlowNotFound', tap: { id: portId(77) } },
      { status: 400, tap: { kind: 'tap_mirrors', port_id: portId(3), remote_ip: '127.0.0.1' } },
      { status: 400, tap: { kind: 'tap_flows' } },
      { status: 403, detail: 'rule:get_taas_audit is disallowed by policy' },
    ]);
  });

  it('has a refused plan, which tells as much as the request, and nothing of one that is not refused', async () => {
    const server = await start();
    const plan = (change: object) => call(server, 'POST', 'plan', { plan: change });
    expect((await plan({ create: service(11) })).status).toBe(404);
    expect((await plan({ delete: { tap_flow: portId(77) } })).status).toBe(404);
    expect((await plan({ create: service(1) })).status).toBe(200);
    expect(await trail(server)).toMatchObject([
      {
        event: 'refused',
        error: 'PortNotFound',
        path: '/v2.0/taas/plan',
        tap: { kind: 'tap_services', port_id: portId(11) },
      },
      { event: 'refused', error: 'TapFlowNotFound', tap: { kind: 'tap_flows', id: portId(77) } },
    ]);
  });

  it('has who changed whose quota, from what to what, and who was refused that', async () => {
    const server = await start();
    const quota = (method: string, body?: object, roles = 'admin') =>
      fetch(`${server.address}/v2.0/quotas/${umbrella}`, {
        method,
        headers: { 'x-project-id': 'ops', 'x-roles': roles, 'x-user-id': 'user-of-ops' },
        ...(body === undefined ? {} : { body: JSON.stringify({ quota: body }) }),
      });
    expect((await quota('PUT', { tap_flow: 3 })).status).toBe(200);
    expect((await quota('PUT', { tap_flow: 7, tap_mirror: -1 })).status).toBe(200);
    expect((await quota('PUT', { tap_flow: 9 }, 'member')).status).toBe(403);
    expect((await quota('PUT', { tap_flow: 'many' })).status).toBe(400);
    expect((await quota('DELETE')).status).toBe(204);
    const mine = { project_id: 'ops', user_id: 'user-of-ops', request_id: expect.stringMatching(/^req-/), tap: null };
    const of = `quotas of project ${umbrella}`;
    expect(await trail(server)).toMatchObject([
      { event: 'changed', ...mine, detail: `${of}: tap_flow 3; before: those of the configuration` },
      { event: 'changed', ...mine, detail: `${of}: tap_flow 7, tap_mirror -1; before: tap_flow 3` },
      { event: 'refused', ...mine, status: 403, method: 'PUT', path: `/v2.0/quotas/${umbrella}` },
      { event: 'refused', ...mine, status: 400 },
      { event: 'changed', ...mine, detail: `${of}: those of the configuration; before: tap_flow 7, tap_mirror -1` },
    ]);
  });

  it('is bounded against a project that is refused again and again, and counts the rest', async () => {
    const server = await start();
    for (let n = 0; n < 100; n++) await call(server, 'DELETE', `tap_flows/${portId(77)}`);
    for (let n = 0; n < 5; n++) await fetch(`${server.address}/v2.0/taas/tap_flows`);
    const one = (await trail(server, '?event=refused&limit=1000')).length;
    expect(one).toBeGreaterThanOrEqual(60);
    expect(one).toBeLessThan(70);
    await server.stop();
    const counts = [...(await cloud.read(prefixes.auditEntries)).values()]
      .flatMap(({ json }) => json['entries'] as Line[])
      .filter(({ count }) => count !== undefined);
    expect(counts.reduce((sum, { count = 0, project_id: project }) => sum + (project === acme ? count : 0), one)).toBe(
      100,
    );
    expect(counts.filter(({ project_id: project }) => project === null)).toMatchObject([{ count: 5, status: 401 }]);
  });

  it('comes in pages, the oldest first', async () => {
    const server = await start();
    const bulk = { tap_services: Array.from({ length: 5 }, () => service(1).tap_service) };
    expect((await call(server, 'POST', 'tap_services', bulk)).status).toBe(201);
    await until(async () => expect(await trail(server, '?event=created')).toHaveLength(5));
    const seen: string[] = [];
    let path: string | undefined = 'audit?limit=2&event=created';
    while (path !== undefined) {
      const { json } = await call(server, 'GET', path, undefined, 'ops', 'admin');
      const page = json['audit'] as unknown as Line[];
      expect(page.length).toBeLessThanOrEqual(2);
      seen.push(...page.map(({ id }) => id));
      const links = json['audit_links'] as unknown as { readonly href: string }[] | undefined;
      path = links?.[0]?.href.replace(/^.*\/taas\//, '');
    }
    expect(new Set(seen).size).toBe(5);
    for (const [query, status] of [
      ['?limit=0', 400],
      ['?since=soon', 400],
      ['?color=red', 400],
      ['?event=born', 400],
      ['?since=2030-01-01T00:00:00Z', 200],
    ] as const)
      expect([query, (await call(server, 'GET', `audit${query}`, undefined, 'ops', 'admin')).status]).toEqual([
        query,
        status,
      ]);
  });

  it('goes on on a line of its own after half a line, which a crash may have left', async () => {
    const half = '{"time":"2026-01-01T00:00:00.000Z","ev';
    writeFileSync(file(), `{"id":"0"}\n${half}`);
    const server = await start();
    await call(server, 'POST', 'tap_services', service(1));
    const text = () => readFileSync(file(), 'utf8');
    await until(() => expect(text().split('\n')).toHaveLength(4));
    const [whole, broken, next, end] = text().split('\n');
    expect([whole, broken, end]).toEqual(['{"id":"0"}', half, '']);
    expect(JSON.parse(next ?? '')).toMatchObject({ event: 'created' });
  });

  it('goes on in a new file when the old one is moved away', async () => {
    const server = await start();
    await call(server, 'POST', 'tap_services', service(1));
    await until(() => expect(lines()).toHaveLength(1));
    renameSync(file(), `${file()}.1`);
    await call(server, 'POST', 'tap_services', service(1));
    await until(() => expect(lines()).toHaveLength(1));
    expect(lines(`${file()}.1`)).toHaveLength(1);
  });

  it('loses nothing while the file cannot be written, says so, and catches up', async () => {
    mkdirSync(file());
    const server = await start();
    await call(server, 'POST', 'tap_services', service(1));
    await until(async () =>
      expect(await facts(server)).toMatchObject({ unexported: 1, problem: expect.stringContaining('EISDIR') }),
    );
    rmSync(file(), { recursive: true });
    await until(() => expect(lines()).toHaveLength(1));
    await until(async () => expect(await facts(server)).toMatchObject({ unexported: 0 }));
    expect(await facts(server)).not.toHaveProperty('problem');
  });

  it('is required, if the operator says so: nothing is made while too much waits for the file', async () => {
    mkdirSync(file());
    const server = await start({ file: file(), required: true });
    const id = idOf(await call(server, 'POST', 'tap_services', service(1)));
    const entry = { v: 1, entries: [] };
    for (let n = 0; n <= mostUnexported; n++) await cloud.put(keys.auditEntry(`${n}`), JSON.stringify(entry));
    await until(async () => expect(await facts(server)).toHaveProperty('blocked'));
    const refused = await call(server, 'POST', 'tap_services', service(1));
    expect([refused.status, JSON.stringify(refused.json)]).toEqual([503, expect.stringContaining('audit trail')]);
    const planned = await call(server, 'POST', 'plan', { plan: { create: service(1) } });
    expect([planned.status, planned.json]).toEqual([refused.status, refused.json]);
    expect((await call(server, 'POST', 'plan', { plan: { delete: { tap_service: id } } })).status).toBe(200);
    // What ends may end.
    expect((await call(server, 'DELETE', `tap_services/${id}`)).status).toBe(204);
    rmSync(file(), { recursive: true });
    await until(async () => expect((await call(server, 'POST', 'tap_services', service(1))).status).toBe(201));
  });

  it('keeps so many records in etcd, and gives up none that is in no file without a word', async () => {
    const none = { user_id: null, project_id: null, request_id: null, tap: null, detail: '' };
    const entry = { v: 1, entries: [{ event: 'changed', at: systemClock.now(), ...none }] };
    for (let n = 0; n < 150; n++) await cloud.put(keys.auditEntry(String(n).padStart(4, '0')), JSON.stringify(entry));
    await start({ file: file(), keep_records: 100 });
    await until(async () => expect((await cloud.read(prefixes.auditEntries)).size).toBe(100));
    expect(new Set(lines().map(({ id }) => id)).size).toBeGreaterThanOrEqual(150);
    expect([...(await cloud.read(prefixes.auditEntries)).keys()]).not.toContain(keys.auditEntry('0000'));
  }, 20_000);

  it('keeps beyond its limit what tells that a tap ends, as long as it ends then, so that nobody tells it again', async () => {
    const server = await start({ file: file(), keep_records: 100 });
    const end = Date.now() + 1_800_000;
    const expires_at = new Date(end).toISOString();
    const id = idOf(
      await call(server, 'POST', 'tap_services', { tap_service: { ...service(1).tap_service, expires_at } }),
    );
    const told = keys.auditExpiring('tap_services', id, end);
    const all = () => cloud.read(prefixes.auditEntries);
    await until(async () => expect((await all()).has(told)).toBe(true));
    const none = { user_id: null, project_id: null, request_id: null, tap: null, detail: '' };
    const entry = { v: 1, entries: [{ event: 'changed', at: systemClock.now(), ...none }] };
    for (let n = 0; n < 150; n++) await cloud.put(keys.auditEntry(String(n).padStart(4, '0')), JSON.stringify(entry));
    await until(async () => expect((await all()).size).toBe(101));
    expect((await all()).has(told)).toBe(true);
    expect(lines().filter(({ event }) => event === 'expiring')).toHaveLength(1);
    await call(server, 'PUT', `tap_services/${id}`, { tap_service: { expires_at: null } });
    await until(async () => expect((await all()).has(told)).toBe(false));
  }, 20_000);

  it('drops the oldest when etcd is full of what no file takes, and says how many in the trail and at /readyz', async () => {
    mkdirSync(file());
    const none = { user_id: null, project_id: null, request_id: null, tap: null, detail: '' };
    const entry = { v: 1, entries: [{ event: 'changed', at: systemClock.now(), ...none }] };
    const keyOf = (n: number) => keys.auditEntry(String(n).padStart(4, '0'));
    const fill = async (from: number, to: number) => {
      for (let n = from; n < to; n++) await cloud.put(keyOf(n), JSON.stringify(entry));
    };
    await fill(0, 230);
    const server = await start({ file: file(), keep_records: 100 });
    // Twice keep_records may wait; then a tenth of that goes at once.
    await until(async () => expect(await facts(server)).toMatchObject({ lost_records: 50 }));
    const left = await cloud.read(prefixes.auditEntries);
    expect([0, 49, 50, 229].map((n) => left.has(keyOf(n)))).toEqual([false, false, true, true]);
    // That word is no reason to give up the next record: 180 and it, and 20 more, are one too many.
    await fill(230, 250);
    await until(async () => expect(await facts(server)).toMatchObject({ lost_records: 71 }));
    const details = (await trail(server, '?event=lost')).map(({ detail }) => detail);
    expect(details).toEqual([50, 21].map((n) => `${n} records were given up before they could be written to a file`));
    // They come into the file like any others.
    rmSync(file(), { recursive: true });
    await until(() => expect(lines().filter(({ event }) => event === 'lost')).toHaveLength(2));
    expect(lines()).toHaveLength(250 - 71 + 2);
  }, 20_000);

  it('takes one write along, however many taps a request is about', async () => {
    const server = await start();
    const many = (n: number) => ({ tap_services: Array.from({ length: n }, () => service(1).tap_service) });
    expect((await call(server, 'POST', 'tap_services', many(mostWrites - 1))).status).toBe(201);
    expect((await call(server, 'POST', 'tap_services', many(mostWrites))).status).toBe(400);
  });
});
