import { keys, prefixes } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { remoteAddressPolicy, usualRemoteAddresses } from '../addresses/remote-address-policy.js';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const mirrors = '/v2.0/taas/tap_mirrors';
let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;
let bob: ReturnType<Replica['as']>;

beforeEach(async () => {
  cloud = new TestCloud();
  for (let n = 1; n <= 3; n++) await cloud.bind('node1', portId(n), acme);
  await cloud.bind('node1', portId(11), umbrella);
  await cloud.agent('node1', { tunnel_address: '192.0.2.7' });
  server = await cloud.replica({
    remoteAddresses: remoteAddressPolicy({ ...usualRemoteAddresses, denied: ['203.0.113.0/24'] }),
  });
  alice = server.as(acme);
  bob = server.as(umbrella);
});
afterEach(() => cloud.stop());

const good = { port_id: portId(1), mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { IN: 101, OUT: 102 } };
const create = (attributes: object, as = alice) => as('POST', mirrors, { tap_mirror: { ...good, ...attributes } });

describe('tap mirrors', () => {
  it('are made, shown, listed, renamed and deleted', async () => {
    const made = await create({ name: 'm', directions: { IN: '7', BOTH: 8 } });
    expect(made.status).toBe(201);
    const { id } = made.body.tap_mirror;
    expect(made.body.tap_mirror).toEqual({
      ...{ id, name: 'm', description: '', port_id: portId(1), project_id: acme, tenant_id: acme },
      ...{ mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { IN: '7', BOTH: 8 } },
      ...{ status: 'DOWN', status_reason: 'accepted; no node has been told yet', status_code: 'not_published' },
      ...{ expires_at: null, reason: '', consent: 'not_needed', requested_by: [], agreed_by: null, consent_to: null },
    });
    expect((await alice('GET', `${mirrors}/${id}`)).body.tap_mirror).toEqual({
      ...made.body.tap_mirror,
      status_reason: 'accepted; node node1 has not been told yet',
    });
    expect((await alice('GET', `${mirrors}?remote_ip=198.51.100.9&fields=id`)).body).toEqual({ tap_mirrors: [{ id }] });
    const renamed = await alice('PUT', `${mirrors}/${id}`, { tap_mirror: { name: 'n' } });
    expect(renamed).toMatchObject({
      status: 200,
      body: { tap_mirror: { name: 'n', directions: { IN: '7', BOTH: 8 } } },
    });
    for (const attribute of ['port_id', 'directions', 'remote_ip', 'mirror_type'] as const) {
      const refused = await alice('PUT', `${mirrors}/${id}`, { tap_mirror: { [attribute]: good[attribute] } });
      expect(refused.body.NeutronError.message).toBe(`Cannot update read-only attribute ${attribute}`);
    }
    expect(await bob('GET', `${mirrors}/${id}`)).toMatchObject({
      status: 404,
      body: { NeutronError: { type: 'TapMirrorNotFound', message: `Tap Mirror ${id} does not exist` } },
    });
    expect((await bob('DELETE', `${mirrors}/${id}`)).status).toBe(404);
    expect((await server.as(acme, 'reader')('DELETE', `${mirrors}/${id}`)).status).toBe(403);
    expect((await alice('DELETE', `${mirrors}/${id}`)).status).toBe(204);
    expect((await alice('GET', mirrors)).body).toEqual({ tap_mirrors: [] });
    expect((await cloud.read(prefixes.tunnelIds)).size).toBe(0);
  });

  it('use a tunnel id once in a project, in whatever direction, until it is given back', async () => {
    const first = await create({});
    const clash = await create({ port_id: portId(2), directions: { BOTH: 101 } });
    expect(clash).toMatchObject({
      status: 409,
      body: {
        NeutronError: { type: 'TapMirrorTunnelConflict', message: 'Tap Mirror with tunnel_id 101 already exists' },
      },
    });
    // As numbers, however they are written.
    expect((await create({ port_id: portId(2), directions: { BOTH: '+0101' } })).status).toBe(409);
    const others = await create({ port_id: portId(11) }, bob);
    expect(others.status).toBe(201);
    await alice('DELETE', `${mirrors}/${first.body.tap_mirror.id}`);
    expect((await create({ port_id: portId(2), directions: { BOTH: 101 } })).status).toBe(201);
    const admin = server.as('operations', 'admin');
    const seen = await create({ port_id: portId(11), project_id: umbrella, directions: { IN: 101 } }, admin);
    expect(seen.body.NeutronError.type).toBe('TapMirrorTunnelConflict');
  });

  it.each([{ IN: '101', OUT: '102' }, { OUT: '007', IN: 8 }, { BOTH: '+9' }, { IN: 1, OUT: 2 }])(
    'answer with the tunnel ids %j as they were given, and keep numbers',
    async (directions) => {
      const { id } = (await create({ directions })).body.tap_mirror;
      await cloud.caughtUp();
      const numbers = Object.fromEntries(Object.entries(directions).map(([name, each]) => [name, Number(each)]));
      expect((await cloud.read(prefixes.tapMirrors)).get(keys.resource('tap_mirrors', id))?.json).toMatchObject({
        directions: numbers,
      });
      for (const as of [alice, (await cloud.replica()).as(acme)]) {
        const shown = (await as('GET', `${mirrors}/${id}`)).body.tap_mirror.directions;
        expect(JSON.stringify(shown)).toBe(JSON.stringify(directions));
        expect((await as('GET', mirrors)).body.tap_mirrors[0]?.directions).toEqual(directions);
      }
    },
  );

  it('are given an id by one of any number of servers', async () => {
    const replicas = [server, await cloud.replica(), await cloud.replica()];
    const replies = await Promise.all(
      Array.from({ length: 9 }, (_, n) => create({}, (replicas[n % 3] ?? server).as(acme))),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(8).fill(409)]);
  });

  it.each([
    [{ mirror_type: 'vxlan' }, 'Invalid input for mirror_type. Reason: vxlan is not in valid_values.'],
    [{ remote_ip: 'host' }, "Invalid input for remote_ip. Reason: 'host' is not a valid IP address"],
    [{ remote_ip: 'fe80::1%eth0' }, 'is not a valid IP address'],
    [{ directions: { UP: 1 } }, 'Invalid input for directions. Reason: Unexpected keys supplied: UP'],
    [{ directions: {} }, 'at least one of IN, OUT and BOTH'],
    [{ directions: [1] }, "'[1]' is not a dictionary"],
    [{ directions: { IN: 'x' } }, "'x' is not an integer"],
    [{ directions: { IN: true } }, "'True' is not an integer:boolean"],
    [{ directions: { IN: -1 } }, "'-1' is not a tunnel id of a gre mirror"],
    [{ mirror_type: 'erspanv1', directions: { IN: 1024 } }, "'1024' is not a tunnel id of a erspanv1 mirror"],
    [{ remote_ip: '127.0.0.1' }, "'127.0.0.1' is a loopback address"],
    [{ remote_ip: '203.0.113.77' }, "'203.0.113.77' is not allowed"],
    [{ remote_ip: '192.0.2.7' }, "'192.0.2.7' is not allowed"],
    // In one subnet with a node's tunnel address: the underlay.
    [{ remote_ip: '192.0.2.200' }, "'192.0.2.200' is not allowed"],
    [{ remote_ip: '::ffff:192.0.2.200' }, "'::ffff:192.0.2.200' is not allowed"],
  ])('are refused with %j', async (attributes, message) => {
    const reply = await create(attributes);
    expect(reply.status).toBe(400);
    expect(reply.body.NeutronError.message).toContain(message);
    expect((await cloud.read(prefixes.tapMirrors)).size).toBe(0);
  });

  it("are not made on other projects' ports", async () => {
    expect((await create({ port_id: portId(11) })).body.NeutronError.type).toBe('PortNotFound');
  });

  it('that are malformed in etcd hurt nobody else', async () => {
    await cloud.put(keys.resource('tap_mirrors', portId(9)), '{');
    expect((await create({})).status).toBe(201);
    await cloud.caughtUp();
    expect((await alice('GET', mirrors)).body.tap_mirrors).toHaveLength(1);
  });
});
