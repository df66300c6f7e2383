import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TokenPort } from '@taas/lab';
import { keys, prefixes } from '@taas/model';
import { auditedStore, Behalves, LiveView } from '@taas/server/testing';
import { silentLogger, systemClock } from '@taas/service';
import type { Store } from '@taas/store';
import { createEmbeddedStore } from '@taas/store/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Answer, Stack, uuid } from './stack.js';

// A server is killed in the middle of its work, a tenant reads what is not his, and strangers fill the trail.

interface Line {
  readonly id: string;
  readonly event: string;
  readonly request_id: string | null;
  readonly tap: { readonly id: string } | null;
  readonly count?: number;
}

const folder = mkdtempSync(join(tmpdir(), 'taas-attack-audit-'));
const file = join(folder, 'audit.log');
let stack: Stack;
beforeAll(async () => {
  const ports = new Map<string, TokenPort>([
    [uuid(1), { project: 'acme', host: 'node-1' }],
    [uuid(2), { project: 'victim', host: 'node-1' }],
  ]);
  const config = {
    ...{ audit: { file }, election: { ttl_s: 2 } },
    // What is looked at here is the trail, not how much a project may make.
    ...{ quotas: { tap_service: -1 }, tap_mirrors: { underlay_subnets: ['10.0.0.0/8'] } },
  };
  stack = await Stack.start({ ports, servers: 2, config });
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const lines = (): Line[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

const create = (n: number, body: object): Promise<Answer | null> =>
  stack.callAt(n, 'tok-acme-member', 'POST', '/v2.0/taas/tap_services', body).catch(() => null);
const requestOf = (answer: Answer) => answer.headers.get('x-openstack-request-id');

it('every 201 has its line in the file, though each server is killed in the middle', async () => {
  const made: Answer[] = [];
  for (const victim of [0, 1]) {
    let dead = false;
    const clients = Array.from({ length: 8 }, async () => {
      while (!dead) {
        const answer = await create(victim, { tap_service: { port_id: uuid(1) } });
        if (answer === null) return;
        if (answer.status === 201) made.push(answer);
      }
    });
    const before = made.length;
    await stack.until('some are made', async () => made.length > before + 40);
    await stack.server(victim).process.stop('SIGKILL');
    dead = true;
    await Promise.all(clients);
    await stack.server(victim).process.start();
  }
  expect(made.length).toBeGreaterThan(80);
  const missing = () => {
    const known = new Set(lines().flatMap(({ event, request_id: id }) => (event === 'created' ? [id] : [])));
    return made.filter((answer) => !known.has(requestOf(answer)));
  };
  await stack.until('every creation has its line', async () => missing().length === 0, 20_000);
});

it('CONTROL: a trail that is written beside the change loses the line of a server that is killed between the two', async () => {
  const store = createEmbeddedStore({ clock: systemClock });
  const client = store.client();
  const live = new LiveView(client, systemClock, silentLogger);
  const killed = new Error('killed');
  /** Dies as soon as etcd has carried out the change. */
  const dying: Store = {
    ...callsOf(client),
    transact: async (transaction) => {
      await client.transact(transaction);
      throw killed;
    },
  };
  const naive: string[] = [];
  const beside: Store = {
    ...callsOf(dying),
    transact: async (transaction) => {
      const result = await dying.transact(transaction);
      naive.push('created');
      return result;
    },
  };
  const deps = { view: live.view, behalves: new Behalves(), clock: systemClock, newId: () => 'x', blocked: () => null };
  const record = { v: 1, id: uuid(5), project_id: 'acme', name: '', description: '', created_at: 1, port_id: uuid(1) };
  const key = keys.resource('tap_services', uuid(5));
  const change = { compare: [], operations: [{ kind: 'put', key, value: JSON.stringify(record) } as const] };
  await expect(beside.transact(change)).rejects.toBe(killed);
  expect([(await client.get(key)) !== undefined, naive]).toEqual([true, []]);
  await expect(auditedStore({ ...deps, store: dying }).transact(change)).rejects.toBe(killed);
  expect((await client.list(prefixes.auditEntries)).entries).toHaveLength(1);
  await store.close();
});

function callsOf(store: Store): Store {
  return {
    get: (...args) => store.get(...args),
    list: (...args) => store.list(...args),
    transact: (...args) => store.transact(...args),
    follow: (...args) => store.follow(...args),
    lease: (...args) => store.lease(...args),
    close: () => store.close(),
  };
}

it('a tenant cannot read it, nor learn who taps a port of somebody else', async () => {
  for (const token of ['tok-acme-member', 'tok-acme-manager', 'tok-acme-reader'])
    expect((await stack.call(token, 'GET', '/v2.0/taas/audit')).status).toBe(403);
  expect((await stack.call('', 'GET', '/v2.0/taas/audit')).status).toBe(401);
  for (const path of ['/v2.0/audit', '/v2.0/taas/audit/x', '/v2.0/taas//audit'])
    expect([403, 404]).toContain((await stack.call('tok-acme-member', 'GET', path)).status);
  expect((await stack.call('tok-ops-admin', 'GET', '/v2.0/taas/audit')).status).toBe(200);
  const mirror = { port_id: uuid(2), mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { IN: 1 } };
  expect((await stack.call('tok-victim-member', 'POST', '/v2.0/taas/tap_mirrors', { tap_mirror: mirror })).status).toBe(
    201,
  );
  await stack.until('the owner sees it', async () =>
    (await stack.call('tok-victim-member', 'GET', '/v2.0/taas/tapped_ports')).text.includes(uuid(2)),
  );
  for (const path of [`/${uuid(2)}`, '', `?port_id=${uuid(2)}`, '?project_id=victim'])
    expect((await stack.call('tok-acme-member', 'GET', `/v2.0/taas/tapped_ports${path}`)).text).not.toContain('gre');
});

it('neither strangers nor a tenant who is refused all the time can fill it', async () => {
  const before = (await stack.store.list('/networking-vpp/taas/audit/entries/')).entries.length;
  const flood = async (token: string) => {
    for (let n = 0; n < 100; n++) await stack.call(token, 'DELETE', `/v2.0/taas/tap_flows/${uuid(9)}`);
  };
  await Promise.all([flood('nonsense'), flood('nonsense-2'), flood('tok-acme-member'), flood('tok-acme-member')]);
  const after = (await stack.store.list('/networking-vpp/taas/audit/entries/')).entries.length;
  // Without the bound it would be 400.
  expect(after - before).toBeLessThan(80);
});
