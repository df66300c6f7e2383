import { keys } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Contained } from '../errors/contained.js';
import { Slices } from '../slices/slices.js';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';
import { NodeLook } from './node-look.js';

let cloud: TestCloud;
let server: Replica;

beforeEach(async () => {
  cloud = new TestCloud();
  for (let n = 1; n <= 2; n++) await cloud.bind('node1', portId(n), acme);
  await cloud.agent('node1');
  server = await cloud.replica();
  await cloud.lead(server);
});
afterEach(() => cloud.stop());

const boundPort = (mtu?: number) => JSON.stringify({ mac_address: 'fa:16:3e:00:00:01', project_id: acme, mtu });
const look = () => {
  const deps = { live: server.live, slices: new Slices({ clock: systemClock }), clock: systemClock };
  return new NodeLook({ ...deps, contained: new Contained(silentLogger), version: 'another' });
};

it('says nothing before it has looked, and then what agents tell, beside the MTU of tapped ports', async () => {
  const first = look();
  expect(first.facts()).toEqual({});
  await first.settled();
  const { nodes } = first.facts();
  expect(nodes?.examined).toBe(1);
  expect(nodes?.problems).toContainEqual(expect.objectContaining({ node: 'node1', about: 'release' }));
  // No port is tapped yet, and the agent of this test tells no facts.
  expect(nodes?.untold).toMatchObject({ counters: ['node1'], clock: ['node1'], vpp: [] });
});

it('compares uplinks with the longest packet of tapped ports, where Neutron says it of all of them', async () => {
  const uplinks = [{ physnet: 'p', mtu: 1500 }];
  await cloud.agent('node1', { facts: { uplinks, certificates: [] } });
  const bind = (n: number, mtu?: number) => cloud.put(keys.boundPort('node1', portId(n)), boundPort(mtu));
  await bind(2, 9000);
  const alice = server.as(acme);
  const { body } = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1) } });
  const tap_flow = { tap_service_id: body.tap_service.id, source_port: portId(2), direction: 'IN' };
  expect((await alice('POST', '/v2.0/taas/tap_flows', { tap_flow })).status).toBe(201);
  const mtuOf = async () => {
    const one = look();
    one.facts();
    await one.settled();
    const { problems = [], untold = {} } = one.facts().nodes ?? {};
    return { untold: untold.mtu, said: problems.flatMap((each) => (each.about === 'mtu' ? each.problem : [])) };
  };
  const says = expect.stringMatching(/may have 9000 bytes: the uplink of physnet p takes 1500/);
  await expect.poll(mtuOf, { timeout: 20_000 }).toEqual({ untold: [], said: [says] });
  await bind(2);
  await expect.poll(mtuOf, { timeout: 20_000 }).toEqual({ untold: ['node1'], said: [] });
});
