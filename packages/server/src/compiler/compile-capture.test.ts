import { captureCapability, keys, prefixes, type TapFlowRecord, type TapServiceRecord } from '@taas/model';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const serviceId = '00000005-0000-4000-8000-000000000001';
const flowId = '0000000f-0000-4000-8000-000000000001';
const receiverAddress = '192.0.2.9';
let cloud: TestCloud;
let server: Replica;

beforeEach(async () => {
  cloud = new TestCloud();
  server = await cloud.replica();
  await cloud.lead(server);
  await cloud.bind('node-1', portId(1), acme);
  await cloud.agent('node-1', { capabilities: [captureCapability] });
});
afterEach(() => cloud.stop());

/** The two records of a capture, under a lease. */
async function capture(more: { flow?: Partial<TapFlowRecord>; address?: string } = {}) {
  const lease = await cloud.store.client().lease(60);
  const common = { v: 1, name: '', description: '', created_at: 1, project_id: acme, capture: serviceId } as const;
  const receiver = { address: more.address ?? receiverAddress, lease: lease.id, server: 's' };
  const service: TapServiceRecord = { ...common, id: serviceId, receiver };
  const flow: TapFlowRecord = {
    ...{ ...common, id: flowId, tap_service_id: serviceId, source_port: portId(1), direction: 'OUT' },
    ...{ vlan_filter: null, ...more.flow },
  };
  const put = (key: string, record: object) =>
    ({ kind: 'put', key, value: JSON.stringify(record), lease: lease.id }) as const;
  const operations = [
    put(keys.resource('tap_services', serviceId), service),
    put(keys.resource('tap_flows', flowId), flow),
  ];
  await cloud.store.transact({ compare: [], operations });
  await cloud.settle();
  return lease;
}
const told = async (node: string) =>
  (await cloud.nodeRecords()).get(keys.nodeResource(node, 'tap_flows', flowId))?.json;
const isLeased = async (node: string) => (await cloud.store.get(keys.captureLease(node, serviceId))) !== undefined;

it("a source's node is told of a tunnel to the receiver, and that it stands while somebody receives", async () => {
  await capture();
  const record = await told('node-1');
  expect(record).toMatchObject({
    target: { type: 'vxlan', local: '10.0.0.1', remote: receiverAddress },
    leased: true,
  });
  expect(await isLeased('node-1')).toBe(true);
  expect([...(await cloud.nodeRecords()).keys()]).toHaveLength(1);
});

it('when the receiver is gone all of it goes, and the VNI is free only when the node has confirmed', async () => {
  const lease = await capture();
  await lease.revoke();
  await vi.waitFor(async () => expect((await told('node-1'))?.['removed']).toBe(true), 10_000);
  expect(await isLeased('node-1')).toBe(false);
  await cloud.settle();
  expect((await cloud.read(prefixes.segments)).size).toBe(1);
  await cloud.converge(['node-1']);
  expect((await cloud.nodeRecords()).size).toBe(0);
  expect((await cloud.read(prefixes.segments)).size).toBe(0);
});

it('is taken away when its port turns out to be of another project', async () => {
  await capture();
  expect(await told('node-1')).not.toMatchObject({ removed: true });
  await cloud.bind('node-1', portId(1), umbrella);
  await cloud.settle();
  expect(await told('node-1')).toMatchObject({ removed: true });
});

it('follows its port to another node, and is let there, too', async () => {
  await capture();
  await cloud.agent('node-2', { capabilities: [captureCapability] });
  await cloud.converge(['node-1', 'node-2']);
  await cloud.unbind('node-1', portId(1));
  await cloud.bind('node-2', portId(1), acme);
  await cloud.settle();
  expect(await told('node-2')).toMatchObject({ target: { local: '10.0.0.2', remote: receiverAddress } });
  expect(await isLeased('node-2')).toBe(true);
  await cloud.converge(['node-1', 'node-2']);
  expect(await told('node-1')).toBeUndefined();
});

it.each([
  ['an agent that would not end it', async () => cloud.agent('node-1', { capabilities: [] }), {}],
  [
    'a node without a tunnel address',
    async () => cloud.agent('node-1', { capabilities: [captureCapability], tunnel_address: null }),
    {},
  ],
  ['a port of another project', async () => cloud.bind('node-1', portId(1), umbrella), {}],
  ["a flow of another project than the capture's", async () => undefined, { flow: { project_id: umbrella } }],
  ['a receiver of another IP version', async () => undefined, { address: '2001:db8::9' }],
  ['a receiver with the address of the node', async () => undefined, { address: '10.0.0.1' }],
])('%s is told of no capture', async (_what, before, more) => {
  await before();
  await capture(more);
  expect((await cloud.nodeRecords()).size).toBe(0);
});
