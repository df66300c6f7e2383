import { keys, prefixes } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, type Reply, TestCloud, umbrella } from '../test-cloud.suite.js';

/*
 * Everything of which something stays after a DELETE until a node has confirmed: made anew at once, while the node takes
 * its time; and the true reason if the node takes too long.
 */

const path = (kind: string) => `/v2.0/taas/${kind}`;
const quotas = { tap_service: 2, tap_flow: 1, tap_mirror: 1 };

let cloud: TestCloud;
let server: Replica;
let other: Replica;
let alice: ReturnType<Replica['as']>;

async function start(lingerMs?: number, limited = false): Promise<void> {
  // Without a number the server waits as long as it does for users.
  const options = { limits: lingerMs === undefined ? {} : { lingerMs }, ...(limited ? { quotas } : {}) };
  server = await cloud.replica(options);
  other = await cloud.replica(options);
  alice = server.as(acme);
  await cloud.lead(server);
}

beforeEach(async () => {
  cloud = new TestCloud();
  for (let n = 1; n <= 5; n++) await cloud.bind('node1', portId(n), acme);
  await cloud.bind('node1', portId(11), umbrella);
  await cloud.agent('node1');
});
afterEach(() => cloud.stop());

const mirror = (port = 1, directions: object = { IN: '101', OUT: 102 }) => ({
  tap_mirror: { port_id: portId(port), mirror_type: 'gre', remote_ip: '198.51.100.9', directions },
});
const service = (port: number) => ({ tap_service: { port_id: portId(port) } });
const flow = (to: string, port: number) => ({
  tap_flow: { tap_service_id: to, source_port: portId(port), direction: 'BOTH' },
});

async function made(kind: string, body: object): Promise<string> {
  const reply = await alice('POST', path(kind), body);
  expect(reply.status).toBe(201);
  const { id } = Object.values<{ id: string }>(reply.body as never)[0] ?? { id: '' };
  return id;
}

/** Deletes what stands on a node, and makes something else while the node has not confirmed. */
async function instead(gone: readonly [string, string], kind: string, body: object, by = server): Promise<Reply> {
  await cloud.converge(['node1']);
  expect((await alice('DELETE', `${path(gone[0])}/${gone[1]}`)).status).toBe(204);
  const asked = by.as(acme)('POST', path(kind), body);
  // It waits while others are answered; whoever does not wait has refused it by then.
  for (let others = 0; others < 20; others++) await by.as(acme)('GET', path('tap_services'));
  // The tombstone is written while the request waits; then the node confirms.
  await cloud.converge(['node1']);
  return asked;
}

describe('made at once after a DELETE', () => {
  it.each(['here', 'elsewhere'] as const)('%s: a mirror with the same tunnel ids', async (where) => {
    await start();
    const first = await made('tap_mirrors', mirror());
    const reply = await instead(['tap_mirrors', first], 'tap_mirrors', mirror(2), where === 'here' ? server : other);
    expect([reply.status, reply.body]).toMatchObject([201, { tap_mirror: { directions: { IN: '101', OUT: 102 } } }]);
  });

  it.each(['here', 'elsewhere'] as const)('%s: a flow of what was a collector, and the other way', async (where) => {
    await start();
    const by = where === 'here' ? server : other;
    const to = await made('tap_services', service(1));
    const gone = await made('tap_services', service(2));
    const fresh = await instead(['tap_services', gone], 'tap_flows', flow(to, 2), by);
    expect(fresh.status).toBe(201);
    const { id } = fresh.body.tap_flow;
    expect((await instead(['tap_flows', id], 'tap_services', service(2), by)).status).toBe(201);
    const copied = await made('tap_mirrors', mirror(3));
    expect((await instead(['tap_mirrors', copied], 'tap_services', service(3), by)).status).toBe(201);
  });

  it('a source whose whole service goes', async () => {
    await start();
    const to = await made('tap_services', service(1));
    await made('tap_flows', flow(to, 2));
    expect((await instead(['tap_services', to], 'tap_services', service(2))).status).toBe(201);
  });

  it('what a quota has room for once it is gone', async () => {
    await start(5_000, true);
    const to = await made('tap_services', service(1));
    const one = await made('tap_flows', flow(to, 2));
    expect((await instead(['tap_flows', one], 'tap_flows', flow(to, 3))).status).toBe(201);
    const copied = await made('tap_mirrors', mirror(4));
    expect((await instead(['tap_mirrors', copied], 'tap_mirrors', mirror(4))).status).toBe(201);
    const second = await made('tap_services', service(5));
    expect((await instead(['tap_services', second], 'tap_services', service(5))).status).toBe(201);
  });

  it('a service on the segment that another one has used, names included', async () => {
    await start();
    await cloud.bind('node2', portId(6), acme);
    await cloud.agent('node2');
    const named = { tap_service: { port_id: portId(1), name: 'x' } };
    for (let round = 0; round < 3; round++) {
      const to = await made('tap_services', named);
      await made('tap_flows', flow(to, 6));
      await cloud.converge(['node1', 'node2']);
      expect((await cloud.read(prefixes.segments)).size).toBe(1);
      expect((await alice('DELETE', `${path('tap_services')}/${to}`)).status).toBe(204);
    }
    await cloud.converge(['node1', 'node2']);
    expect((await cloud.read(prefixes.segments)).size).toBe(0);
  });

  it('another mirror of an administrator, whose own project has the ids elsewhere', async () => {
    await start(200);
    const first = await made('tap_mirrors', mirror());
    await cloud.converge(['node1']);
    await alice('DELETE', `${path('tap_mirrors')}/${first}`);
    const body = mirror(11, { IN: 101 });
    const as = server.as('operations', 'admin');
    const reply = await as('POST', path('tap_mirrors'), { tap_mirror: { ...body.tap_mirror, project_id: umbrella } });
    expect(reply.status).toBe(201);
  });
});

describe('while a node does not confirm', () => {
  const refused = (type: string, message: string) => ({
    status: 409,
    headers: { 'retry-after': '1' },
    body: { NeutronError: { type, message: expect.stringContaining(message) } },
  });

  it('the reason is true, and comes soon', async () => {
    await start(50, true);
    const to = await made('tap_services', service(1));
    const flowed = await made('tap_flows', flow(to, 2));
    const copied = await made('tap_mirrors', mirror(3));
    await cloud.converge(['node1']);
    for (const [kind, id] of [
      ['tap_flows', flowed],
      ['tap_mirrors', copied],
    ] as const)
      expect((await alice('DELETE', `${path(kind)}/${id}`)).status).toBe(204);
    expect(await alice('POST', path('tap_flows'), flow(to, 4))).toMatchObject(
      refused('OverQuota', 'Some are being deleted, and count until their nodes have confirmed: try again.'),
    );
    expect(await alice('POST', path('tap_services'), service(2))).toMatchObject(
      refused('TapServicePortIsSource', 'what copies it is being deleted'),
    );
    await cloud.put(keys.quota(acme), JSON.stringify({ v: 1, tap_mirror: -1 }));
    expect(await alice('POST', path('tap_mirrors'), mirror(4))).toMatchObject(
      refused('TapMirrorTunnelConflict', 'Tunnel_id 101 is that of a Tap Mirror that is being deleted'),
    );
  });

  it('a conflict with what stays is told at once, in the words of before', async () => {
    await start(60_000);
    await made('tap_mirrors', mirror());
    const conflict = await alice('POST', path('tap_mirrors'), mirror(2));
    expect(conflict.body.NeutronError.message).toBe('Tap Mirror with tunnel_id 101 already exists');
    const to = await made('tap_services', service(3));
    expect((await alice('POST', path('tap_services'), service(1))).body.NeutronError.type).toBe(
      'TapServicePortIsSource',
    );
    expect((await alice('POST', path('tap_flows'), flow(to, 3))).body.NeutronError.type).toBe('TapSourceIsServicePort');
  });

  it('no more than so many of a project wait', async () => {
    await start(60_000);
    const first = await made('tap_mirrors', mirror());
    await cloud.converge(['node1']);
    await alice('DELETE', `${path('tap_mirrors')}/${first}`);
    const asked = Array.from({ length: 17 }, () => alice('POST', path('tap_mirrors'), mirror(2)));
    // The one too many is answered while the others wait.
    expect((await Promise.race(asked)).status).toBe(409);
    await cloud.converge(['node1']);
    const statuses = (await Promise.all(asked)).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(16).fill(409)]);
  });
});
