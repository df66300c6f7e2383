import { systemClock } from '@taas/service';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeNeutron, neutronClient, startFakeNeutron, uuid } from './fake-neutron.suite.js';
import type { NeutronClient } from './neutron-client.js';
import { NeutronUnauthorizedError, NeutronUnavailableError } from './neutron-error.js';
import { batchesOfIds, portsPath } from './port-query.js';

const never = new AbortController().signal;
let fake: FakeNeutron;
let client: NeutronClient;

beforeEach(async () => {
  fake = await startFakeNeutron();
  client = neutronClient(fake, systemClock);
});
afterEach(() => fake.close());

describe('one port', () => {
  test('as its owner sees it: without binding; as we do: with it', async () => {
    const id = fake.state.add(1);
    expect(await client.portAsCaller(id, 'acme', never)).toEqual({
      id,
      projectId: 'acme',
      networkId: 'net',
      deviceOwner: 'compute:nova',
      deviceId: 'vm',
      adminStateUp: true,
      status: 'ACTIVE',
      binding: null,
    });
    expect((await client.portAsService(id, never))?.binding).toEqual({ hostId: 'node-1', vifType: 'vhostuser' });
  });

  test('an unbound port has no host', async () => {
    const id = fake.state.add(1, { 'binding:host_id': '', 'binding:vif_type': 'unbound' });
    expect((await client.portAsService(id, never))?.binding).toEqual({ hostId: null, vifType: 'unbound' });
  });

  test('of which Neutron does not say whose it is belongs to nobody, and hurts no neighbour', async () => {
    const ids = [{ project_id: '', tenant_id: '' }, { project_id: null, tenant_id: 7 }, {}].map((fields, n) =>
      fake.state.add(n + 1, fields),
    );
    const { found } = await client.portsAsService(ids, never);
    expect(ids.map((id) => found.get(id)?.projectId)).toEqual([null, null, 'acme']);
  });

  test('that is not the one asked for says nothing', async () => {
    const [asked, other] = [fake.state.add(1), fake.state.add(2)];
    fake.state.override = (_request, response) => {
      response.end(JSON.stringify({ port: fake.state.ports.get(other) }));
      return true;
    };
    await expect(client.portAsCaller(asked, 'acme', never)).rejects.toThrow(NeutronUnavailableError);
    await expect(client.portAsService(asked, never)).rejects.toThrow(NeutronUnavailableError);
  });

  test('a stranger’s port is as unknown as none, and what is no UUID is not asked for', async () => {
    const id = fake.state.add(1);
    expect(await client.portAsCaller(id, 'umbrella', never)).toBeNull();
    expect(await client.portAsCaller(uuid(2), 'acme', never)).toBeNull();
    const asked = fake.state.requests.length;
    for (const odd of ['', '../networks', `${id}/x`, `${id}?x`, 'abc']) {
      expect(await client.portAsCaller(odd, 'acme', never)).toBeNull();
      expect(await client.portAsService(odd, never)).toBeNull();
    }
    expect(fake.state.requests).toHaveLength(asked);
  });

  test('a project’s ports are those that the caller’s token is shown', async () => {
    for (const n of [1, 2, 3]) fake.state.add(n, n === 3 ? { project_id: 'umbrella' } : {});
    const ids = async (project: string, token: string, limit = 9) =>
      (await client.portsAsCaller(project, token, limit, never)).map(({ id }) => id);
    expect(await ids('acme', 'acme')).toEqual([uuid(1), uuid(2)]);
    expect(await ids('acme', 'acme', 1)).toEqual([uuid(1)]);
    expect(await ids('acme', 'umbrella')).toEqual([]);
    await expect(ids('acme', 'expired')).rejects.toThrow(NeutronUnauthorizedError);
    fake.state.override = (_request, response) => response.writeHead(403).end() !== undefined;
    expect(await ids('acme', 'acme')).toEqual([]);
  });

  test('an expired caller’s token is a 401, ours is replaced', async () => {
    const id = fake.state.add(1);
    await expect(client.portAsCaller(id, 'expired', never)).rejects.toThrow(NeutronUnauthorizedError);
    fake.state.serviceTokens = new Set(['service-2']);
    expect((await client.portAsService(id, never))?.id).toBe(id);
    fake.state.serviceTokens.clear();
    await expect(client.portAsService(id, never)).rejects.toThrow(NeutronUnavailableError);
  });

  test.each([500, 502, 503, 302, 400])('%i is unavailable, not unknown', async (status) => {
    fake.state.override = (_request, response) => {
      response.writeHead(status).end('{}');
      return true;
    };
    await expect(client.portAsCaller(uuid(1), 'acme', never)).rejects.toThrow(NeutronUnavailableError);
    await expect(client.portAsService(uuid(1), never)).rejects.toThrow(NeutronUnavailableError);
  });

  test.each(['', 'null', '{}', '{"port":{"id":"x"}}', '[]'])(
    'an answer of %j is unavailable, not unknown',
    async (body) => {
      fake.state.override = (_request, response) => {
        response.end(body);
        return true;
      };
      await expect(client.portAsService(uuid(1), never)).rejects.toThrow(NeutronUnavailableError);
    },
  );

  test('a Neutron that does not answer', async () => {
    fake.state.override = () => true;
    const hasty = neutronClient(fake, systemClock, { timeoutMs: 50 });
    await expect(hasty.portAsService(uuid(1), never)).rejects.toMatchObject({ reason: 'timeout' });
  });
});

describe('many ports', () => {
  test('in few requests of bounded length, whatever the size of Neutron’s pages', async () => {
    const ids = Array.from({ length: 200 }, (_, n) => fake.state.add(n));
    fake.state.maxPage = 30;
    const view = await client.portsAsService([...ids, uuid(999), 'odd', ids[0] ?? ''], never);
    expect([...view.found.keys()].sort()).toEqual([...ids].sort());
    expect([...view.absent].sort()).toEqual([uuid(999), 'odd'].sort());
    expect(view.unanswered.size).toBe(0);
    expect(Math.max(...fake.state.requests.map((url) => url.length))).toBeLessThanOrEqual(3000);
  });

  test('a failure leaves only its own ports unanswered', async () => {
    const ids = Array.from({ length: 200 }, (_, n) => fake.state.add(n));
    let asked = 0;
    fake.state.override = (_request, response) => {
      if (++asked !== 2) return false;
      response.writeHead(500).end();
      return true;
    };
    const view = await client.portsAsService(ids, never);
    expect(view.failure).toBeInstanceOf(NeutronUnavailableError);
    expect(view.unanswered.size).toBeGreaterThan(0);
    expect(view.found.size + view.unanswered.size).toBe(200);
    expect(view.absent.size).toBe(0);
  });

  test('of a host', async () => {
    for (let n = 0; n < 10; n++) fake.state.add(n, { 'binding:host_id': n % 2 === 0 ? 'node-1' : 'node-2' });
    fake.state.maxPage = 2;
    expect(await client.portsOfHosts(['node-1'], never)).toHaveLength(5);
    expect(await client.portsOfHosts([], never)).toEqual([]);
  });

  test('pages that never end are refused', async () => {
    const id = fake.state.add(1);
    fake.state.override = (_request, response) => {
      response.end(JSON.stringify({ ports: [fake.state.ports.get(id)], ports_links: [{ rel: 'next' }] }));
      return true;
    };
    const view = await client.portsAsService([id], never);
    expect(view.failure?.message).toMatch(/do not end/);
  });
});

test('batches hold every id once, in order, and no URL is too long', () => {
  fc.assert(
    fc.property(fc.array(fc.uuid()), fc.integer({ min: 400, max: 4000 }), (ids, max) => {
      const batches = batchesOfIds(ids, max);
      expect(batches.flat()).toEqual(ids);
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        expect(portsPath({ ids: batch, marker: uuid(1) }).length).toBeLessThanOrEqual(max);
      }
    }),
  );
});
