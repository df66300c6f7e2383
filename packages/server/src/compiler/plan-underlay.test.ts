import { keys, prefixes, underlayCodec } from '@taas/model';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

const mirrors = '/v2.0/taas/tap_mirrors';
let cloud: TestCloud;
let server: Replica;
let tunnel: number;

beforeEach(async () => {
  tunnel = 0;
  cloud = new TestCloud();
  server = await cloud.replica();
  await cloud.lead(server);
  await cloud.bind('node1', portId(1), acme);
});
afterEach(() => cloud.stop());

const create = async (address: string) => {
  await cloud.settle();
  const mirror = { port_id: portId(1), mirror_type: 'gre', remote_ip: address, directions: { IN: ++tunnel } };
  return server.as(acme)('POST', mirrors, { tap_mirror: mirror });
};
const recorded = async (node: string) => {
  await cloud.settle();
  const entry = await cloud.store.get(keys.underlay(node));
  return entry && underlayCodec.parse(entry.key, entry.value).addresses;
};

it('a tunnel address is written down, and counts when its agent is silent or has another', async () => {
  expect((await create('203.0.113.9')).status).toBe(503);
  await cloud.agent('node1', { tunnel_address: '192.0.2.1' });
  expect(await recorded('node1')).toEqual(['192.0.2.1']);
  await cloud.agent('node1', { tunnel_address: '198.51.100.1' });
  expect(await recorded('node1')).toEqual(['192.0.2.1', '198.51.100.1']);
  await cloud.delete(keys.agent('node1'));
  for (const address of ['192.0.2.1', '198.51.100.7', '64:ff9b::192.0.2.1'])
    expect((await create(address)).status).toBe(400);
  expect((await create('203.0.113.9')).status).toBe(201);
});

it('what is no address is not written down, and nobody’s mirrors wait for it', async () => {
  await cloud.agent('node1', { tunnel_address: '192.0.2.1' });
  await cloud.agent('node2', { tunnel_address: 'garbage' });
  await cloud.agent('node3', { tunnel_address: null });
  await cloud.settle();
  expect([...(await cloud.read(prefixes.underlay)).keys()]).toEqual([keys.underlay('node1')]);
  expect((await create('203.0.113.9')).status).toBe(201);
});

it('a node that claims one address after another fills nothing', async () => {
  for (let n = 0; n < 40; n++) {
    await cloud.agent('node1', { tunnel_address: `10.${n}.0.1` });
    await cloud.settle();
  }
  expect(await recorded('node1')).toHaveLength(16);
  // The last is known as long as its agent lives.
  expect((await create('10.39.0.1')).status).toBe(400);
  expect((await create('10.0.0.1')).status).toBe(400);
});

it('a mirror to what turns out to be a node’s address is taken off its node, and says so', async () => {
  await cloud.agent('node1', { tunnel_address: '192.0.2.1' });
  const made = await create('203.0.113.9');
  const key = keys.nodeResource('node1', 'tap_mirrors', made.body.tap_mirror.id);
  await cloud.settle();
  expect((await cloud.nodeRecords()).get(key)?.json['removed']).toBeUndefined();
  await cloud.agent('node2', { tunnel_address: '203.0.113.2' });
  await cloud.settle();
  expect((await cloud.nodeRecords()).get(key)?.json['removed']).toBe(true);
  const { body } = await server.as(acme)('GET', `${mirrors}/${made.body.tap_mirror.id}`);
  expect(body.tap_mirror).toMatchObject({ status: 'ERROR', status_reason: expect.stringContaining('is not allowed') });
});

it('while a record of addresses cannot be read nothing new is told, what stands stays, and the leader mends it', async () => {
  await cloud.agent('node1', { tunnel_address: '192.0.2.1' });
  const made = await create('203.0.113.9');
  const key = keys.nodeResource('node1', 'tap_mirrors', made.body.tap_mirror.id);
  await cloud.settle();
  await cloud.put(keys.underlay('node9'), '{');
  expect((await create('203.0.113.10')).status).toBe(503);
  expect((await cloud.nodeRecords()).get(key)?.json['removed']).toBeUndefined();
  await cloud.agent('node9', { tunnel_address: '198.51.100.9' });
  expect(await recorded('node9')).toEqual(['198.51.100.9']);
  expect((await create('203.0.113.10')).status).toBe(201);
});
