import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, type TestCloud, umbrella } from '../test-cloud.suite.js';
import { bad, error, flows, makeFlow, makeService, nobody, services, twoProjects } from './two-projects.suite.js';

let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;
let bob: ReturnType<Replica['as']>;
let carol: ReturnType<Replica['as']>;
let admin: ReturnType<Replica['as']>;

beforeEach(async () => {
  ({ cloud, server } = await twoProjects());
  alice = server.as(acme);
  bob = server.as(umbrella);
  carol = server.as(acme, 'reader');
  admin = server.as('operations', 'admin,member');
});
afterEach(() => cloud.stop());

const service = (port?: string, attributes?: object, as = alice) => makeService(as, port, attributes);
const flow = (to: string, port?: string, attributes?: object) => makeFlow(alice, to, port, attributes);

describe('tap services and tap flows', () => {
  it('are created, shown, changed and deleted with Neutron’s bodies', async () => {
    const created = await alice('POST', services, { tap_service: { name: 'a', description: 'd', port_id: portId(1) } });
    expect(created.status).toBe(201);
    const { id } = created.body.tap_service;
    expect(created.body).toEqual({
      tap_service: {
        ...{ id, tenant_id: acme, name: 'a', description: 'd', port_id: portId(1), status: 'DOWN', project_id: acme },
        status_reason: 'accepted; no node has been told yet',
        status_code: 'not_published',
        ...{ expires_at: null, reason: '', receipts: false },
      },
    });
    expect(created.headers['x-openstack-request-id']).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(created.headers['content-type']).toBe('application/json');
    expect(created.headers['location']).toBeUndefined();

    const made = await alice('POST', flows, {
      tap_flow: { tap_service_id: id, source_port: portId(2), direction: 'IN' },
    });
    expect(made.status).toBe(201);
    expect(made.body.tap_flow).toMatchObject({
      ...{ tenant_id: acme, project_id: acme, tap_service_id: id, name: '', description: '', source_port: portId(2) },
      ...{ direction: 'IN', status: 'DOWN', vlan_filter: null },
    });

    const shown = await alice('GET', `${services}/${id}`);
    expect(shown).toMatchObject({ status: 200, body: { tap_service: { id, name: 'a', status: 'DOWN' } } });
    const renamed = await alice('PUT', `${services}/${id}`, { tap_service: { name: 'b' } });
    expect(renamed).toMatchObject({ status: 200, body: { tap_service: { name: 'b', description: 'd' } } });
    const same = await alice('PUT', `${services}/${id}`, { tap_service: {} });
    expect(same).toMatchObject({ status: 200, body: { tap_service: { name: 'b' } } });

    const gone = await alice('DELETE', `${services}/${id}`);
    expect(gone).toMatchObject({ status: 204, body: null });
    const again = await alice('DELETE', `${services}/${id}`);
    expect(again).toMatchObject({
      status: 404,
      body: error('TapServiceNotFound', `Tap Service  ${id} does not exist`),
    });
    // No node had been told: the flows went with it.
    expect((await alice('GET', flows)).body).toEqual({ tap_flows: [] });
  });

  it('are created in bulk, all or none', async () => {
    const two = await alice('POST', services, {
      tap_services: [{ port_id: portId(1), name: 'x' }, { tap_service: { port_id: portId(1), name: 'y' } }],
    });
    expect(two.status).toBe(201);
    expect(two.body.tap_services.map((item: { name: string }) => item.name)).toEqual(['x', 'y']);
    const mixed = await alice('POST', services, { tap_services: [{ port_id: portId(3) }, { port_id: portId(11) }] });
    expect(mixed).toMatchObject({ status: 404, body: { NeutronError: { type: 'PortNotFound' } } });
    expect((await alice('GET', `${services}?fields=name`)).body).toEqual({
      tap_services: [{ name: 'x' }, { name: 'y' }],
    });
    const many = Array.from({ length: 128 }, () => ({ port_id: portId(1) }));
    const refused = await alice('POST', services, { tap_services: many });
    expect(refused.status).toBe(400);
    expect(refused.body.NeutronError.message).toMatch(/129 writes, and only 127/);
    for (const empty of [[], null]) {
      expect(await alice('POST', services, { tap_services: empty })).toMatchObject({
        status: 400,
        body: bad('Resources required'),
      });
    }
  });

  it('keep every character, and refuse half of one', async () => {
    const name = 'zażółć 日本 😀 \u202e a\tb\nc\u0000d';
    const id = await service(portId(1), { name });
    expect((await alice('GET', `${services}/${id}`)).body.tap_service.name).toBe(name);
    const half = await alice('POST', services, `{"tap_service": {"port_id": "${portId(1)}", "name": "\\ud800"}}`);
    expect(half.status).toBe(400);
  });
});

describe('projects', () => {
  it('do not see, change or delete what is not theirs', async () => {
    const id = await service(portId(11), {}, bob);
    const absent = { status: 404, body: error('TapServiceNotFound', `Tap Service  ${id} does not exist`) };
    expect(await alice('GET', `${services}/${id}`)).toMatchObject(absent);
    expect(await alice('PUT', `${services}/${id}`, { tap_service: { name: 'mine' } })).toMatchObject(absent);
    expect(await alice('DELETE', `${services}/${id}`)).toMatchObject(absent);
    expect((await alice('GET', `${services}?id=${id}`)).body).toEqual({ tap_services: [] });
    const onIt = { tap_service_id: id, source_port: portId(2), direction: 'IN' };
    expect(await alice('POST', flows, { tap_flow: onIt })).toMatchObject(absent);
    expect((await admin('GET', `${services}/${id}`)).status).toBe(200);
    expect((await admin('GET', services)).body.tap_services).toHaveLength(1);
  });

  it('tap no port that is not theirs, not even by an admin', async () => {
    const mine = await service();
    const stranger = { tap_service_id: mine, source_port: portId(12), direction: 'IN' };
    expect(await alice('POST', flows, { tap_flow: stranger })).toMatchObject({
      status: 404,
      body: error('PortNotFound', `Port ${portId(12)} could not be found.`),
    });
    const notOwned = {
      status: 403,
      body: error('PortDoesNotBelongToTenant', 'The specified port does not belong to the tenant'),
    };
    expect(await admin('POST', services, { tap_service: { port_id: portId(1) } })).toMatchObject(notOwned);
    expect(await admin('POST', flows, { tap_flow: { ...stranger, tenant_id: acme } })).toMatchObject(notOwned);
    expect(await admin('POST', flows, { tap_flow: { ...stranger, source_port: portId(2) } })).toMatchObject({
      status: 403,
      body: error('TapServiceNotBelongToTenant', 'Specified Tap Service does not belong to the tenant'),
    });
    const forAcme = await admin('POST', services, { tap_service: { port_id: portId(4), tenant_id: acme } });
    expect(forAcme.status).toBe(201);
  });

  it('readers look and do not touch', async () => {
    const id = await service();
    expect((await carol('GET', `${services}/${id}`)).status).toBe(200);
    const refused = (rule: string) => ({
      status: 403,
      body: error('PolicyNotAuthorized', `rule:${rule} is disallowed by policy`),
    });
    expect(await carol('POST', services, { tap_service: { port_id: portId(1) } })).toMatchObject(
      refused('create_tap_service'),
    );
    expect(await carol('PUT', `${services}/${id}`, { tap_service: {} })).toMatchObject(refused('update_tap_service'));
    expect(await carol('DELETE', `${services}/${id}`)).toMatchObject(refused('delete_tap_service'));
  });

  it('must be named', async () => {
    const reply = await server.request('GET', services, undefined, {});
    expect(reply).toMatchObject({
      status: 401,
      body: {
        error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
      },
    });
    expect(reply.headers['www-authenticate']).toBe('Keystone uri="http://127.0.0.1:5000"');
    expect(reply.headers['x-openstack-request-id']).toMatch(/^req-/);
  });
});

describe('admission', () => {
  it('refuses loops and chains, and names ports and taps', async () => {
    const to = await service(portId(1));
    const from = await flow(to, portId(2));
    const post = (source_port: string, at: string) =>
      alice('POST', flows, { tap_flow: { tap_service_id: at, source_port, direction: 'IN' } });
    const own = await post(portId(1), to);
    expect(own).toMatchObject({ status: 409, body: { NeutronError: { type: 'TapSourceIsServicePort' } } });
    expect(own.body.NeutronError.message).toContain(portId(1));
    const other = await service(portId(3));
    const collector = await post(portId(1), other);
    expect(collector).toMatchObject({ status: 409, body: { NeutronError: { type: 'TapSourceIsCollector' } } });
    expect(collector.body.NeutronError.message).toContain(`${portId(1)} cannot be the source`);
    expect(collector.body.NeutronError.message).toContain(`tap service ${to}`);
    const source = await alice('POST', services, { tap_service: { port_id: portId(2) } });
    expect(source).toMatchObject({ status: 409, body: { NeutronError: { type: 'TapServicePortIsSource' } } });
    expect(source.body.NeutronError.message).toContain(`tap flow ${from}`);
    // Once the flow is gone, the port may collect, without waiting for anybody to clean up.
    expect((await alice('DELETE', `${flows}/${from}`)).status).toBe(204);
    await service(portId(2));
  });

  it('takes several services on a port, several flows from a port, and ports that are not bound yet', async () => {
    const one = await service();
    const two = await service();
    await flow(one);
    await flow(one);
    await flow(two);
    const pending = await flow(two, portId(99));
    const shown = await alice('GET', `${flows}/${pending}`);
    expect(shown.body.tap_flow).toMatchObject({
      status: 'PENDING_CREATE',
      status_reason: `port ${portId(99)} is not bound to a node`,
    });
  });
});

describe('paths and methods', () => {
  it.each([
    '/v2.0/tap_services',
    '/v2.0/taas/tap-services',
    '/v2.0//taas//tap_services',
    '/v2.0/taas/tap%5Fservices',
    '/v2.0/%74aas/tap_services',
    '/v2.0/taas/tap_services.json',
    '/v2.0/taas/tap_services/',
  ])('%s is the collection', async (path) => {
    expect(await alice('GET', path)).toMatchObject({ status: 200, body: { tap_services: [] } });
  });

  it('answers what is not there in Neutron’s ways', async () => {
    const notFound = { status: 404, body: error('HTTPNotFound', 'The resource could not be found.') };
    expect(await alice('GET', '/v2.0/taas')).toMatchObject(notFound);
    expect(await alice('GET', '/v2.0/taas/bogus')).toMatchObject(notFound);
    expect(await alice('GET', '/elsewhere')).toMatchObject({
      status: 404,
      body: { code: 404, title: 'Not Found', description: null },
    });
    expect(await alice('PATCH', services, {})).toMatchObject({ status: 405 });
    expect(
      (await server.api.inject({ method: 'HEAD', url: services, headers: { 'x-project-id': acme } })).statusCode,
    ).toBe(405);
    expect(await alice('OPTIONS', services)).toMatchObject({ status: 200, body: { tap_services: [] } });
    const none = { status: 404, body: error('TapServiceNotFound', 'Tap Service  None does not exist') };
    expect(await alice('PUT', services, { tap_service: {} })).toMatchObject(none);
    expect(await alice('DELETE', services)).toMatchObject(none);
    expect(await alice('DELETE', `${services}/${nobody}`, { x: 1 })).toMatchObject({
      status: 400,
      body: bad('Request body is not supported in DELETE.'),
    });
    expect((await alice('GET', `${services}?name=${'x'.repeat(9000)}`)).status).toBe(414);
  });

  it.each(['text/plain', 'application/xml', 'garbage', 'multipart/form-data; boundary=x', 'APPLICATION/JSON'])(
    'takes a body of type %s for JSON',
    async (type) => {
      const body = { tap_service: { port_id: portId(1) } };
      const headers = { 'x-project-id': acme, 'content-type': type };
      expect((await server.request('POST', services, body, headers)).status).toBe(201);
    },
  );
});

describe('without etcd', () => {
  it('answers 503 and says so', async () => {
    cloud.store.stop();
    const refused = await alice('POST', services, { tap_service: { port_id: portId(1) } });
    expect(refused).toMatchObject({ status: 503, body: { NeutronError: { type: 'ServiceUnavailable' } } });
    cloud.store.start();
  });
});
