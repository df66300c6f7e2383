import { keys, type PortBindingRecord, prefixes } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

const nodes = ['node1', 'node2', 'node3'];
const services = '/v2.0/taas/tap_services';
const flows = '/v2.0/taas/tap_flows';

let cloud: TestCloud;
let server: Replica;

beforeEach(async () => {
  cloud = new TestCloud();
  for (const node of nodes) await cloud.agent(node);
  server = await cloud.replica({ placesFrom: 'records' });
});
afterEach(async () => {
  await cloud.stop();
});

async function tap(collector: number, source: number): Promise<{ service: string; flow: string }> {
  const ask = server.as(acme);
  const made = await ask('POST', services, { tap_service: { port_id: portId(collector) } });
  const body = { tap_service_id: made.body.tap_service.id, source_port: portId(source), direction: 'IN' };
  const flow = await ask('POST', flows, { tap_flow: body });
  return { service: made.body.tap_service.id, flow: flow.body.tap_flow.id };
}

describe('what is written of where a port is bound', () => {
  it('goes in the transaction of its last flow that no node has been told of, without any leader', async () => {
    const { service, flow } = await tap(1, 2);
    const body = { tap_service_id: service, source_port: portId(2), direction: 'OUT' };
    const other = (await server.as(acme)('POST', flows, { tap_flow: body })).body.tap_flow.id;
    const key = keys.portBinding(portId(2));
    const record: PortBindingRecord = { v: 1, node: null, reason: 'not bound', project_id: null };
    await cloud.put(key, JSON.stringify(record));
    for (const [id, stays] of [
      [flow, true],
      [other, false],
    ] as const) {
      await cloud.caughtUp();
      expect((await server.as(acme)('DELETE', `${flows}/${id}`)).status).toBe(204);
      expect((await cloud.store.get(key)) !== undefined).toBe(stays);
    }
  });
});

describe('where a port is bound, as a replica knows it that lets its first tap in', () => {
  const bind = { is: 'bound', node: 'node2', projectId: null, mtu: null } as const;
  let knowing: Replica;
  beforeEach(async () => {
    knowing = await cloud.replica({ placesFrom: 'records', place: () => bind });
  });

  it('is written in the transaction of that tap, and left alone by the next', async () => {
    const ask = knowing.as(acme);
    const service = (await ask('POST', services, { tap_service: { port_id: portId(1) } })).body.tap_service.id;
    const body = { tap_service_id: service, source_port: portId(2), direction: 'IN' };
    const flow = (await ask('POST', flows, { tap_flow: body })).body.tap_flow.id;
    const written = await cloud.store.get(keys.portBinding(portId(2)));
    expect(JSON.parse(written?.value ?? '')).toEqual({ v: 1, node: 'node2', reason: '', project_id: null });
    expect(written?.modRevision).toBe((await cloud.store.get(keys.resource('tap_flows', flow)))?.modRevision);
    expect((await ask('POST', flows, { tap_flow: { ...body, direction: 'OUT' } })).status).toBe(201);
    expect((await cloud.store.get(keys.portBinding(portId(2))))?.modRevision).toBe(written?.modRevision);
  });

  it('is left to the leader where the transaction has no room for it', async () => {
    const ask = knowing.as(acme);
    const service = (await ask('POST', services, { tap_service: { port_id: portId(1) } })).body.tap_service.id;
    const tap_flows = Array.from({ length: 60 }, (_, n) => {
      return { tap_service_id: service, source_port: portId(100 + n), direction: 'IN' };
    });
    expect((await ask('POST', flows, { tap_flows })).status).toBe(201);
    const sources = [...(await cloud.read(prefixes.portBindings)).keys()].filter(
      (key) => key !== keys.portBinding(portId(1)),
    );
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.length).toBeLessThan(60);
  });
});
