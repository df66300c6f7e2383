import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
let cloud: TestCloud;
beforeEach(async () => {
  cloud = new TestCloud();
  for (const port of [1, 2, 3, 4]) await cloud.bind('node1', portId(port), acme);
  await cloud.bind('node1', portId(9), umbrella);
});
afterEach(() => cloud.stop());

const make = (server: Replica, port: number, receipts?: unknown, project = acme) =>
  server.as(project)('POST', services, { tap_service: { port_id: portId(port), receipts } });
const change = (server: Replica, id: string, receipts: unknown) =>
  server.as(acme)('PUT', `${services}/${id}`, { tap_service: { receipts } });
const receiptsOf = (reply: { readonly body: unknown }) =>
  (reply.body as { tap_service?: { receipts?: boolean } }).tap_service?.receipts;

describe('receipts of a tap service', () => {
  it('are none unless asked for, and can be changed', async () => {
    const server = await cloud.replica({ receipts: { most: 10, ofProject: 10 } });
    const made = await make(server, 1);
    expect([made.status, receiptsOf(made)]).toEqual([201, false]);
    const { id } = made.body.tap_service;
    const stands = async () => (await cloud.read(keys.resource('tap_services', id))).values().next().value?.json;
    expect(await stands()).not.toHaveProperty('receipts');
    expect(receiptsOf(await change(server, id, true))).toBe(true);
    expect((await stands())?.['receipts']).toBe(true);
    expect(receiptsOf(await server.as(acme)('GET', `${services}/${id}`))).toBe(true);
    expect(receiptsOf(await change(server, id, false))).toBe(false);
    expect(await stands()).not.toHaveProperty('receipts');
    for (const odd of [1, 'true', null, {}]) expect((await change(server, id, odd)).status).toBe(400);
  });

  it('are refused where the operator has given no address that they come from', async () => {
    const server = await cloud.replica();
    const refused = await make(server, 1, true);
    expect([refused.status, refused.body.NeutronError.type]).toEqual([409, 'TapReceiptsNotOffered']);
    const { id } = (await make(server, 1, false)).body.tap_service;
    expect((await change(server, id, true)).body.NeutronError.type).toBe('TapReceiptsNotOffered');
    expect((await change(server, id, false)).status).toBe(200);
    // One that has them already, from another server, is changed here as any other.
    const other = await cloud.replica({ receipts: { most: 1, ofProject: 1 } });
    expect((await change(other, id, true)).status).toBe(200);
    await cloud.caughtUp();
    const named = await server.as(acme)('PUT', `${services}/${id}`, { tap_service: { name: 'x' } });
    expect([named.status, receiptsOf(named)]).toEqual([200, true]);
  });

  it('are for so many of a project, and of all', async () => {
    const server = await cloud.replica({ receipts: { most: 3, ofProject: 2 } });
    const both = { tap_services: [1, 2, 3].map((port) => ({ port_id: portId(port), receipts: true })) };
    expect((await server.as(acme)('POST', services, both)).body.NeutronError.type).toBe('TapReceiptsLimit');
    for (const port of [1, 2]) expect((await make(server, port, true)).status).toBe(201);
    await cloud.caughtUp();
    const third = await make(server, 3, true);
    expect([third.status, third.body.NeutronError.type]).toEqual([409, 'TapReceiptsLimit']);
    expect(third.body.NeutronError.message).toContain('The project has 2');
    expect((await make(server, 9, true, umbrella)).status).toBe(201);
    await cloud.caughtUp();
    expect((await make(server, 9, true, umbrella)).body.NeutronError.message).toContain('The cloud has 3');
  });
});
