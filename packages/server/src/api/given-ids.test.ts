import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, type TestCloud, umbrella } from '../test-cloud.suite.js';
import { bad, error, flows, services, twoProjects } from './two-projects.suite.js';

const id = '5f2c1f9e-6f0a-4c1d-9a55-0123456789ab';
const other = '5f2c1f9e-6f0a-4c1d-9a55-0123456789ac';

let cloud: TestCloud;
let server: Replica;
/** Neutron itself: who makes taps for all projects, and calls as a service. */
let neutron: ReturnType<Replica['as']>;

beforeEach(async () => {
  ({ cloud, server } = await twoProjects());
  neutron = server.as('services', 'admin,service');
});
afterEach(() => cloud.stop());

const service = (more: object = {}) => ({ tap_service: { id, project_id: acme, port_id: portId(1), ...more } });

describe('an id that a service gives a new tap', () => {
  it('is the id of the tap, of whichever kind, in the project that is named', async () => {
    const made = await neutron('POST', services, service());
    expect(made).toMatchObject({ status: 201, body: { tap_service: { id, project_id: acme } } });
    // The same id of another kind is another tap.
    const flow = { id, project_id: acme, tap_service_id: id, source_port: portId(2), direction: 'IN' };
    expect((await neutron('POST', flows, { tap_flow: flow })).body.tap_flow).toMatchObject({ id, tap_service_id: id });
    expect((await server.as(acme)('GET', `${flows}/${id}`)).status).toBe(200);
    expect((await server.as(umbrella)('GET', `${flows}/${id}`)).status).toBe(404);
  });

  it('is refused a second time, and changes nothing', async () => {
    await neutron('POST', services, service({ name: 'first' }));
    const again = await neutron('POST', services, service({ name: 'second', port_id: portId(3) }));
    expect(again).toMatchObject({ status: 409, body: error('TapIdInUse', `Tap Service  ${id} exists already`) });
    expect((await neutron('GET', `${services}/${id}`)).body.tap_service).toMatchObject({
      ...{ name: 'first', port_id: portId(1) },
    });
  });

  it('is given to one tap by two servers at the same time', async () => {
    const second = (await cloud.replica()).as('services', 'admin,service');
    // Nothing but the id is the same: each port has a role of its own in etcd.
    const answers = await Promise.all(
      [neutron, second, neutron, second].map((as, n) => as('POST', services, service({ port_id: portId(n + 1) }))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect((await neutron('GET', services)).body.tap_services).toHaveLength(1);
  });

  it('is given once in a request, and all of a bulk or none is made', async () => {
    const bulk = (...ids: string[]) => ({ tap_services: ids.map((each) => service({ id: each }).tap_service) });
    expect((await neutron('POST', services, bulk(id, id))).status).toBe(409);
    expect((await neutron('GET', services)).body.tap_services).toEqual([]);
    await neutron('POST', services, service());
    expect((await neutron('POST', services, bulk(other, id))).status).toBe(409);
    expect((await neutron('GET', `${services}/${other}`)).status).toBe(404);
  });

  it('costs who gives none nothing: as many taps of a request as before', async () => {
    await neutron('POST', services, service());
    const flow = { tap_service_id: id, source_port: portId(2), direction: 'IN' };
    const items = Array.from({ length: 125 }, (_, n) => ({ ...flow, name: `${n}` }));
    expect((await server.as(acme)('POST', flows, { tap_flows: items })).status).toBe(201);
  });

  it('can be given again once its tap is gone', async () => {
    await neutron('POST', services, service());
    expect((await neutron('DELETE', `${services}/${id}`)).status).toBe(204);
    expect((await neutron('POST', services, service({ port_id: portId(3) }))).status).toBe(201);
  });

  it('is written in one way', async () => {
    for (const wrong of [id.toUpperCase(), `{${id}}`, id.replaceAll('-', ''), 'x', '', 7, null, `${id}/..`]) {
      const { status, body } = await neutron('POST', services, service({ id: wrong }));
      expect([status, body.NeutronError.message]).toEqual([400, expect.stringContaining('is not a valid UUID.')]);
    }
  });

  it('is refused to everybody else, as in Neutron', async () => {
    for (const roles of ['member', 'admin', 'admin,advsvc'])
      expect(await server.as(acme, roles)('POST', services, service())).toMatchObject({
        ...{ status: 400, body: bad("Attribute 'id' not allowed in POST") },
      });
  });

  it('gives no right to make the tap', async () => {
    expect(await server.as('services', 'service')('POST', services, service())).toMatchObject({
      ...{ status: 403, body: error('PolicyNotAuthorized', 'rule:create_tap_service is disallowed by policy') },
    });
  });
});
