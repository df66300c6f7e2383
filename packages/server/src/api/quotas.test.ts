import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noQuota } from '../taps/admission/quotas.js';
import { acme, jittery, LaggingStore, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
let cloud: TestCloud;
let server: Replica;
let admin: ReturnType<Replica['as']>;
const quotas = { ...noQuota, tap_service: 3 };

beforeEach(async () => {
  cloud = new TestCloud();
  server = await cloud.replica({ quotas });
  admin = server.as('operations', 'admin');
});
afterEach(() => cloud.stop());

const create = (as: ReturnType<Replica['as']>) => as('POST', services, { tap_service: { port_id: portId(1) } });
const over = {
  NeutronError: { type: 'OverQuota', message: "Quota exceeded for resources: ['tap_service'].", detail: '' },
};

describe('quotas', () => {
  it('hold with any number of servers and any number at once', async () => {
    let n = 0;
    const random = () => ((n++ * 7919) % 101) / 101;
    const others = [
      await cloud.replica({ quotas, store: jittery(cloud.store.client(), random) }),
      await cloud.replica({ quotas, store: jittery(cloud.store.client(), random) }),
    ];
    const all = [server, ...others];
    const replies = await Promise.all(Array.from({ length: 15 }, (_, at) => create((all[at % 3] ?? server).as(acme))));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(replies.find(({ status }) => status !== 201)).toMatchObject({ status: 409, body: over });
    await cloud.caughtUp();
    expect((await server.as(acme)('GET', services)).body.tap_services).toHaveLength(3);
    // Another project has its own.
    expect((await create(server.as(umbrella))).status).toBe(201);
  });

  it('hold for a server that still looks at the past', async () => {
    const lagging = new LaggingStore(cloud.store.client());
    const behind = await cloud.replica({ quotas, store: lagging });
    const alice = server.as(acme);
    expect((await create(alice)).status).toBe(201);
    await cloud.caughtUp();
    lagging.holdUp();
    for (const _ of [2, 3]) expect((await create(alice)).status).toBe(201);
    const late = create(behind.as(acme));
    await vi.waitFor(() => expect(lagging.transactions).toBe(1));
    lagging.letGo();
    expect(await late).toMatchObject({ status: 409, body: over });
  });

  it('that cannot be read let nothing be made, until an administrator sets them anew', async () => {
    const free = await cloud.replica();
    await cloud.put(keys.quota(acme), '{"v": 1, "tap_service": "many"}');
    await cloud.put(keys.quota(umbrella), '{"v": 1, "tap_service": 1}');
    await cloud.caughtUp();
    for (const each of [server, free]) {
      const reply = await create(each.as(acme));
      expect(reply.status).toBe(503);
      expect(reply.body.NeutronError.message).toContain('cannot be read');
    }
    // The neighbour does not notice.
    expect((await create(server.as(umbrella))).status).toBe(201);
    expect((await admin('GET', '/v2.0/quotas')).body.quotas).toHaveLength(1);
    expect((await admin('GET', `/v2.0/quotas/${acme}`)).status).toBe(503);
    expect((await admin('PUT', `/v2.0/quotas/${acme}`, { quota: { tap_flow: 7 } })).status).toBe(200);
    expect((await create(server.as(acme))).status).toBe(201);
  });

  it('have room again when something is deleted, and count bulks whole', async () => {
    const alice = server.as(acme);
    const two = { tap_services: [{ port_id: portId(1) }, { port_id: portId(2) }] };
    const made = await alice('POST', services, two);
    expect(made.status).toBe(201);
    expect(await alice('POST', services, two)).toMatchObject({ status: 409, body: over });
    await alice('DELETE', `${services}/${made.body.tap_services[0]?.id}`);
    expect((await alice('POST', services, two)).status).toBe(201);
  });

  it('are shown, set and reset as Neutron does', async () => {
    await create(server.as(acme));
    const path = `/v2.0/quotas/${acme}`;
    expect((await admin('GET', path)).body).toEqual({ quota: { tap_service: 3, tap_flow: -1, tap_mirror: -1 } });
    expect((await admin('GET', `${path}/details.json`)).body.quota.tap_service).toEqual({
      limit: 3,
      used: 1,
      reserved: 0,
    });
    expect(await admin('PUT', path, { quota: { tap_service: '1', tap_flow: 5 } })).toMatchObject({
      status: 200,
      body: { quota: { tap_service: 1, tap_flow: 5, tap_mirror: -1 } },
    });
    expect(await create(server.as(acme))).toMatchObject({ status: 409, body: over });
    expect((await admin('GET', '/v2.0/quotas')).body.quotas).toEqual([
      { tap_service: 1, tap_flow: 5, tap_mirror: -1, project_id: acme, tenant_id: acme },
    ]);
    expect((await admin('GET', `${path}/default`)).body.quota.tap_service).toBe(3);
    expect((await admin('DELETE', path)).status).toBe(204);
    expect((await admin('DELETE', path)).body.NeutronError.type).toBe('TenantQuotaNotFound');
    expect((await create(server.as(acme))).status).toBe(201);
  });

  it.each([
    [
      { quota: { tap_service: -2 } },
      "Invalid input for tap_service. Reason: '-2' is too small - must be at least '-1'.",
    ],
    [{ quota: { tap_service: 'x' } }, "Invalid input for operation: 'x' is not an integer."],
    [{ quota: { network: 1 } }, "Unrecognized attribute(s) 'network'"],
    [{ tap_service: 1 }, "Unable to find 'quota' in request body"],
  ])('are not set to %j', async (body, message) => {
    expect(await admin('PUT', `/v2.0/quotas/${acme}`, body)).toMatchObject({
      status: 400,
      body: { NeutronError: { message } },
    });
    expect(await cloud.store.get(keys.quota(acme))).toBeUndefined();
  });

  it('are the administrator’s', async () => {
    const alice = server.as(acme);
    for (const [method, body] of [['GET'], ['PUT', { quota: { tap_service: 9 } }], ['DELETE']] as const) {
      expect((await alice(method, `/v2.0/quotas/${acme}`, body)).status).toBe(403);
    }
    expect((await alice('GET', '/v2.0/quotas/tenant')).body).toEqual({ tenant: { tenant_id: acme } });
  });
});
