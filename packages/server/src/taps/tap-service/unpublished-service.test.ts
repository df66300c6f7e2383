import { prefixes } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acme, LaggingStore, portId, TestCloud } from '../../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
let cloud: TestCloud;
beforeEach(() => {
  cloud = new TestCloud();
});
afterEach(() => cloud.stop());

describe('a tap service that no node was told of', () => {
  it('is deleted with its flows in one transaction', async () => {
    const counting = new LaggingStore(cloud.store.client());
    const server = await cloud.replica({ store: counting });
    const alice = server.as(acme);
    const made = await alice('POST', services, { tap_service: { port_id: portId(1) } });
    const id = made.body.tap_service.id;
    const flow = { tap_service_id: id, source_port: portId(2), direction: 'IN' };
    await alice('POST', '/v2.0/taas/tap_flows', { tap_flow: flow });
    await cloud.caughtUp();
    const before = counting.transactions;
    expect((await alice('DELETE', `${services}/${id}`)).status).toBe(204);
    expect(counting.transactions - before).toBe(1);
    expect((await cloud.read(prefixes.tapFlows)).size + (await cloud.read(prefixes.tapServices)).size).toBe(0);
  });

  it('leaves no flow behind that another server has just made', async () => {
    const lagging = new LaggingStore(cloud.store.client());
    const [server, behind] = [await cloud.replica(), await cloud.replica({ store: lagging })];
    const made = await server.as(acme)('POST', services, { tap_service: { port_id: portId(1) } });
    const id = made.body.tap_service.id;
    await cloud.caughtUp();
    lagging.holdUp();
    const flow = { tap_service_id: id, source_port: portId(2), direction: 'IN' };
    expect((await server.as(acme)('POST', '/v2.0/taas/tap_flows', { tap_flow: flow })).status).toBe(201);
    const deleted = behind.as(acme)('DELETE', `${services}/${id}`);
    await vi.waitFor(() => expect(lagging.transactions).toBeGreaterThan(0));
    lagging.letGo();
    expect((await deleted).status).toBe(204);
    expect((await cloud.read(prefixes.tapFlows)).size).toBe(0);
  });
});
