import { type AgentRecord, keys, type NodeTapService, prefixes, receiptCapability } from '@taas/model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { acme, defaultPolicy, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

const [serverAddress, nextAddress] = ['192.0.2.9', '192.0.2.10'];
let cloud: TestCloud;
let server: Replica;

const able: Partial<AgentRecord> = { capabilities: [receiptCapability] };
const sender = (address: string) => cloud.put(keys.receiptSender, JSON.stringify({ v: 1, address }));

async function open(policy = defaultPolicy): Promise<void> {
  cloud = new TestCloud(policy);
  server = await cloud.replica({ receipts: { most: 10, ofProject: 10 } });
  await cloud.lead(server);
  for (const port of [1, 2, 3]) await cloud.bind('node-1', portId(port), acme);
  await cloud.bind('node-2', portId(4), acme);
  for (const node of ['node-1', 'node-2']) await cloud.agent(node, able);
}
beforeEach(() => open());
afterEach(() => cloud.stop());

/** A tap service with its collector on node-1, and a source on each node. */
async function tap(receipts = true): Promise<string> {
  const alice = server.as(acme);
  const made = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1), receipts } });
  expect(made.status).toBe(201);
  const { id } = made.body.tap_service;
  for (const port of [2, 4]) {
    const tap_flow = { tap_service_id: id, source_port: portId(port), direction: 'IN' };
    expect((await alice('POST', '/v2.0/taas/tap_flows', { tap_flow })).status).toBe(201);
  }
  await cloud.converge(['node-1', 'node-2']);
  return id;
}

const told = async (id: string, node = 'node-1') => {
  const key = keys.nodeResource(node, 'tap_services', id);
  return (await cloud.read(key)).get(key)?.json;
};
const vniOf = (record: Readonly<Record<string, unknown>> | undefined): number =>
  (record as Partial<NodeTapService> | undefined)?.receipts?.vni ?? 0;
const shown = async (id: string) => {
  const { tap_service } = (await server.as(acme)('GET', `/v2.0/taas/tap_services/${id}`)).body;
  return [tap_service.status, tap_service.status_code, tap_service.status_reason];
};
/** The agent of a test says no code. */
const well = ['ACTIVE', 'unspecified', ''];
const link = { type: 'vxlan', local: '10.0.0.1', remote: serverAddress };

it("a collector's node is told from where receipts come, with a VNI of the service's own", async () => {
  await sender(serverAddress);
  const [id, other] = [await tap(), await tap(false)];
  const record = await told(id);
  expect(record).toMatchObject({ receipts: link, inputs: [{ type: 'vlan' }] });
  const held = await cloud.read(prefixes.segments);
  expect(held.get(keys.segment({ type: 'vxlan', physnet: null, id: vniOf(record) }))?.json['tap_service_id']).toBe(id);
  expect(await told(other)).not.toHaveProperty('receipts');
  expect(await shown(id)).toEqual(well);
  // The copies' own way is not another for it, and only the collector's node hears of the server.
  const all = [...(await cloud.nodeRecords()).values()].map(({ kv }) => kv.value);
  expect(all.filter((value) => value.includes(serverAddress))).toHaveLength(1);
});

it('another leader is another address, which nodes are told; and none is none', async () => {
  await sender(serverAddress);
  const id = await tap();
  await sender(nextAddress);
  await cloud.converge(['node-1', 'node-2']);
  expect(await told(id)).toMatchObject({ receipts: { ...link, remote: nextAddress } });
  await cloud.delete(keys.receiptSender);
  await cloud.converge(['node-1', 'node-2']);
  expect(await told(id)).not.toHaveProperty('receipts');
  const reason = 'warning: no receipts come: no server sends any at the moment';
  expect(await shown(id)).toEqual(['ACTIVE', 'receipts_missing', reason]);
  await cloud.put(keys.receiptSender, '{"v":1,"address":"nowhere"}');
  await cloud.converge(['node-1', 'node-2']);
  expect((await shown(id))[1]).toBe('receipts_missing');
});

it.each([
  ['knows none', { capabilities: [] }, /is of a release that knows none$/],
  ['has no tunnel address', { ...able, tunnel_address: null }, /^warning: no receipts come: node node-1 has no/],
  ['is of another IP version', { ...able, tunnel_address: 'fd00::1' }, /addresses of different IP versions$/],
  ["has the server's address", { ...able, tunnel_address: serverAddress }, /is that of the server that sends them$/],
])('a node that %s is told of none, and the tap stands with a warning', async (_, facts, reason) => {
  await sender(serverAddress);
  await cloud.agent('node-1', facts);
  const id = await tap();
  expect(await told(id)).not.toHaveProperty('receipts');
  expect(await shown(id)).toEqual(['ACTIVE', 'receipts_missing', expect.stringMatching(reason)]);
  await cloud.agent('node-1', able);
  await cloud.converge(['node-1', 'node-2']);
  expect(await told(id)).toMatchObject({ receipts: link });
});

it('while an agent is silent its node keeps what it was told', async () => {
  await sender(serverAddress);
  const id = await tap();
  const before = await told(id);
  await cloud.delete(keys.agent('node-1'));
  await cloud.settle();
  expect(await told(id)).toEqual(before);
});

it('where no VNI is left copies come all the same, and receipts when one is given back', async () => {
  await cloud.stop();
  const [vlan] = defaultPolicy.options;
  if (!vlan) throw new Error('there are VLANs');
  await open({ options: [vlan, { type: 'vxlan', first: 70_000, last: 70_000 }], projectShare: 1 });
  await sender(serverAddress);
  const first = await tap();
  const second = await tap();
  expect(await shown(second)).toEqual(['ACTIVE', 'receipts_missing', expect.stringMatching(/no VXLAN id is free/)]);
  await server.as(acme)('DELETE', `/v2.0/taas/tap_services/${first}`);
  await cloud.converge(['node-1', 'node-2']);
  expect(await told(second)).toMatchObject({ receipts: { ...link, vni: 70_000 } });
  expect(await shown(second)).toEqual(well);
});
