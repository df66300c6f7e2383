import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, LaggingStore, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
const flows = '/v2.0/taas/tap_flows';

let cloud: TestCloud;
let store: LaggingStore;
let server: Replica;
beforeEach(async () => {
  cloud = new TestCloud();
  store = new LaggingStore(cloud.store.client());
  server = await cloud.replica({ store, limits: { catchUpMs: 200 } });
});
afterEach(async () => {
  store.letGo();
  await cloud.stop();
});

const post = (path: string, body: unknown) => server.as(acme)('POST', path, body);
const makeService = async (port: string): Promise<string> =>
  (await post(services, { tap_service: { port_id: port } })).body.tap_service.id;
const flowBody = (tap_service_id: string, source_port: string) => ({
  tap_flow: { tap_service_id, source_port, direction: 'BOTH' },
});

describe('making taps while the view is behind what this replica has written', () => {
  it('waits for nothing', async () => {
    const service = await makeService(portId(1));
    await cloud.caughtUp();
    store.holdUp();
    const made = [];
    for (const n of [2, 3, 4]) made.push((await post(flows, flowBody(service, portId(n)))).status);
    expect(made).toEqual([201, 201, 201]);
  });

  it('does not let in what the rules forbid', async () => {
    store.holdUp();
    const service = await makeService(portId(1));
    // Refused it would be, but not by a view that is behind.
    expect((await post(flows, flowBody(service, portId(1)))).status).toBe(503);
    store.letGo();
    expect((await post(flows, flowBody(service, portId(1)))).status).toBe(409);
  });

  it('refuses nothing for the sake of a tap that this replica has taken away', async () => {
    const other = await makeService(portId(9));
    const service = await makeService(portId(1));
    await cloud.caughtUp();
    store.holdUp();
    expect((await server.as(acme)('DELETE', `${services}/${service}`)).status).toBe(204);
    // Its port was a collector, and may be a source now.
    expect((await post(flows, flowBody(other, portId(1)))).status).toBe(503);
    store.letGo();
    expect((await post(flows, flowBody(other, portId(1)))).status).toBe(201);
  });
});
