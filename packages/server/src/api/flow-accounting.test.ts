import { keys } from '@taas/model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

let cloud: TestCloud;
let server: Replica;
beforeEach(async () => {
  cloud = new TestCloud();
  await cloud.bind('node1', portId(1), acme);
  await cloud.bind('node1', portId(2), acme);
  await cloud.agent('node1', {});
  server = await cloud.replica();
  await cloud.lead(server);
});
afterEach(() => cloud.stop());

interface Shown {
  readonly tap_flow: { readonly id: string; readonly accounting: string };
}

it('how a flow is counted is shared unless given, can be changed, and its node is told of what is exact', async () => {
  const alice = server.as(acme);
  const service = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(2) } });
  const flow = { tap_service_id: service.body.tap_service.id, source_port: portId(1), direction: 'IN' };
  const made = (await alice('POST', '/v2.0/taas/tap_flows', { tap_flow: flow })).body as unknown as Shown;
  expect(made.tap_flow.accounting).toBe('shared');
  const told = async () => {
    await cloud.converge(['node1']);
    const key = keys.nodeResource('node1', 'tap_flows', made.tap_flow.id);
    return (await cloud.read(key)).get(key)?.json['accounting'];
  };
  const change = async (accounting: string) => {
    const reply = await alice('PUT', `/v2.0/taas/tap_flows/${made.tap_flow.id}`, { tap_flow: { accounting } });
    return [reply.status, (reply.body as unknown as Partial<Shown>).tap_flow?.accounting];
  };
  expect(await told()).toBeUndefined();
  // A change of nothing writes nothing.
  const stands = async () => (await cloud.store.get(keys.resource('tap_flows', made.tap_flow.id)))?.modRevision;
  const before = await stands();
  expect(before).toBeGreaterThan(0);
  expect(await change('shared')).toEqual([200, 'shared']);
  expect(await stands()).toBe(before);
  expect(await change('exact')).toEqual([200, 'exact']);
  expect(await told()).toBe('exact');
  expect(await change('guessed')).toEqual([400, undefined]);
  expect(await change('shared')).toEqual([200, 'shared']);
  expect(await told()).toBeUndefined();
  const key = keys.resource('tap_flows', made.tap_flow.id);
  expect((await cloud.read(key)).get(key)?.json).not.toHaveProperty('accounting');
});
