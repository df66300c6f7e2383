import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeNearlyFull } from '../errors/neutron-error.js';
import { acme, portId, TestCloud, umbrella } from '../test-cloud.suite.js';

const services = '/v2.0/taas/tap_services';
let cloud: TestCloud;

beforeEach(() => {
  cloud = new TestCloud();
});
afterEach(() => cloud.stop());

const service = (n: number, more: object = {}) => ({ tap_service: { port_id: portId(n), ...more } });

describe('what a client gives that ends in etcd has a bound', () => {
  it.each(['name', 'description', 'tenant_id'])('%s', async (attribute) => {
    const admin = (await cloud.replica()).as(acme, 'admin');
    const good = await admin('POST', services, service(1, { [attribute]: '\u{1f600}'.repeat(255) }));
    expect(good.status).toBe(201);
    for (const length of [256, 511, 500_000]) {
      const reply = await admin('POST', services, service(2, { [attribute]: 'x'.repeat(length) }));
      expect(reply.status).toBe(400);
      const { message } = (reply.body as { NeutronError: { message: string } }).NeutronError;
      expect(message).toContain('exceeds maximum length of 255');
      expect(message.length).toBeLessThan(200);
    }
  });

  it('vlan_filter', async () => {
    const member = (await cloud.replica()).as(acme);
    const { body } = await member('POST', services, service(1));
    const tap_service_id = (body as { tap_service: { id: string } }).tap_service.id;
    const flow = (vlan_filter: string) => ({
      tap_flow: { tap_service_id, source_port: portId(2), direction: 'BOTH', vlan_filter },
    });
    const refused = await member('POST', '/v2.0/taas/tap_flows', flow(`1${',1'.repeat(10_240)}`));
    expect(refused).toMatchObject({ status: 400 });
    expect(JSON.stringify(refused.body)).toContain('exceeds maximum length of 20480');
    expect((await member('POST', '/v2.0/taas/tap_flows', flow(`11${',1'.repeat(10_239)}`))).status).toBe(201);
  });
});

describe('what is written', () => {
  it('is nothing when nothing changes', async () => {
    const member = (await cloud.replica()).as(acme);
    const { body } = await member('POST', services, service(1, { name: 'a' }));
    const path = `${services}/${(body as { tap_service: { id: string } }).tap_service.id}`;
    const revision = async () => (await cloud.store.list('/')).revision;
    const before = await revision();
    for (let n = 0; n < 5; n++) expect((await member('PUT', path, { tap_service: { name: 'a' } })).status).toBe(200);
    expect(await revision()).toBe(before);
    expect((await member('PUT', path, { tap_service: { name: 'b' } })).status).toBe(200);
    expect(await revision()).toBe(before + 1);
  });

  it('is bounded by the minute, in keys and in bytes, each project by itself', async () => {
    for (const writes of [
      { writesPerMinute: 12, bytesPerMinute: 0 },
      { writesPerMinute: 0, bytesPerMinute: 4_500 },
    ]) {
      const replica = await cloud.replica({ writes });
      const [mine, theirs] = [replica.as(acme), replica.as(umbrella)];
      const { body } = await mine('POST', services, service(writes.writesPerMinute));
      const path = `${services}/${(body as { tap_service: { id: string } }).tap_service.id}`;
      const rename = (n: number) => mine('PUT', path, { tap_service: { name: `n${n}` } });
      expect([(await rename(1)).status, (await rename(2)).status]).toEqual([200, 200]);
      const refused = await rename(3);
      expect(refused.status).toBe(429);
      expect(refused.body).toMatchObject({ NeutronError: { type: 'HTTPTooManyRequests' } });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      // Reading, deleting and what changes nothing is not writing.
      expect((await mine('PUT', path, { tap_service: { name: 'n2' } })).status).toBe(200);
      expect((await theirs('POST', services, service(100 + writes.writesPerMinute))).status).toBe(201);
      expect((await mine('DELETE', path)).status).toBe(204);
    }
  });

  it('is nothing but deletions when etcd has no room', async () => {
    let full = false;
    const checkRoom = () => {
      if (full) throw storeNearlyFull();
    };
    const member = (await cloud.replica({ checkRoom })).as(acme);
    const { body } = await member('POST', services, service(1));
    const path = `${services}/${(body as { tap_service: { id: string } }).tap_service.id}`;
    full = true;
    const refused = await member('POST', services, service(2));
    expect(refused).toMatchObject({ status: 503, body: { NeutronError: { type: 'ServiceUnavailable' } } });
    expect((await member('PUT', path, { tap_service: { name: 'b' } })).status).toBe(503);
    expect((await member('GET', path)).status).toBe(200);
    expect((await member('DELETE', path)).status).toBe(204);
  });
});
