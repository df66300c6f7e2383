import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, LaggingStore, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';

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

/** @returns the path of a new tap service, made by `maker` */
async function made(maker: Replica): Promise<string> {
  const body = { tap_service: { name: 'first', port_id: portId(1) } };
  const answer = await maker.as(acme)('POST', services, body);
  return `${services}/${answer.body.tap_service.id}`;
}

describe('a tap that is shown', () => {
  it('comes from the view, and nobody asks etcd', async () => {
    const path = await made(server);
    await cloud.caughtUp();
    const before = store.gets;
    expect((await server.as(acme)('GET', path)).body.tap_service.name).toBe('first');
    expect((await server.as(umbrella)('GET', path)).status).toBe(404);
    expect(store.gets).toBe(before);
  });

  it('is as this replica has just written it, though its view is behind', async () => {
    const path = await made(server);
    await cloud.caughtUp();
    store.holdUp();
    await server.as(acme)('PUT', path, { tap_service: { name: 'second' } });
    expect((await server.as(acme)('GET', path)).body.tap_service.name).toBe('second');
  });

  it('is found though another replica has made it and the view is behind', async () => {
    const other = await cloud.replica();
    store.holdUp();
    const path = await made(other);
    const shown = server.as(acme)('GET', path);
    await expect.poll(() => store.gets).toBeGreaterThan(0);
    store.letGo();
    expect((await shown).body.tap_service.name).toBe('first');
  });

  it('is looked up in etcd if its record in the view is malformed', async () => {
    const path = await made(server);
    const key = keys.resource('tap_services', path.split('/').at(-1) ?? '');
    await cloud.put(key, '{');
    await cloud.caughtUp();
    expect(server.live.view.problems.has(key)).toBe(true);
    const before = store.gets;
    expect((await server.as(acme)('GET', path)).status).toBe(404);
    expect(store.gets).toBe(before + 1);
  });
});
