import { agentCodec, keys, type PhysnetRecord, physnetCodec } from '@taas/model';
import { describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';
import type { SegmentPolicy } from './segment-options.js';

const services = '/v2.0/taas/tap_services';
const flows = '/v2.0/taas/tap_flows';
const nodes = ['node1', 'node2', 'node3'];

async function withCloud(run: (cloud: TestCloud, server: Replica) => Promise<void>, policy?: SegmentPolicy) {
  const cloud = new TestCloud(policy);
  try {
    await run(cloud, await cloud.replica());
  } finally {
    await cloud.stop();
  }
}

async function create(server: Replica, port: number, sources: readonly number[], project = acme) {
  const ask = server.as(project);
  const made = await ask('POST', services, { tap_service: { port_id: portId(port) } });
  expect(made.status).toBe(201);
  const service: string = made.body.tap_service.id;
  const ids: string[] = [];
  for (const source of sources) {
    const body = { tap_service_id: service, source_port: portId(source), direction: 'BOTH' };
    const flow = await ask('POST', flows, { tap_flow: body });
    expect(flow.status).toBe(201);
    ids.push(flow.body.tap_flow.id);
  }
  return { service, flows: ids };
}

const status = async (server: Replica, path: string, project = acme) => {
  const { body } = await server.as(project)('GET', path);
  const shown = body.tap_service ?? body.tap_flow;
  return shown ? { status: shown.status, reason: shown.status_reason } : body.NeutronError?.type;
};

describe('a link by VLANs', () => {
  const policy: SegmentPolicy = {
    options: [
      { type: 'vlan', physnet: 'physnet1', first: 3900, last: 3901, exclusive: false },
      { type: 'vxlan', first: 70_000, last: 70_009 },
    ],
    projectShare: 0.5,
  };
  const found = (vlans: PhysnetRecord['vlans'], more: Partial<PhysnetRecord> = {}) =>
    physnetCodec.format({
      ...{ v: 1, first: 3900, last: 3901, vlans, reason: 'network of umbrella', checked_at: 1, layer2_nodes: [] },
      ...more,
    });
  const links = async (cloud: TestCloud) =>
    [...(await cloud.nodeRecords()).values()].flatMap(({ json }) => {
      const target = json['target'] as { readonly type: string } | undefined;
      return target === undefined || json['removed'] === true ? [] : [target.type];
    });
  const inCloud = (options: SegmentPolicy, work: (cloud: TestCloud, server: Replica) => Promise<void>) =>
    withCloud(async (cloud, server) => {
      for (const node of nodes) await cloud.agent(node);
      for (let n = 0; n < 5; n++) await cloud.bind('node1', portId(n));
      for (let n = 10; n < 15; n++) await cloud.bind('node2', portId(n));
      await cloud.lead(server);
      await work(cloud, server);
    }, options);
  const key = keys.physnet('physnet1');

  it('is not begun while nobody knows that it is safe: copies go by the next', () =>
    inCloud(policy, async (cloud, server) => {
      await create(server, 0, [10]);
      await cloud.converge(nodes);
      expect(await links(cloud)).toEqual(['vxlan']);
    }));

  it.each([
    ['of other ids', found('open', { last: 3900 })],
    ['of an answer that has aged', found('kept')],
    ['that it is not', found('closed')],
    ['of a node in layer 2', found('open', { layer2_nodes: ['node3'] })],
    ['that cannot be read', '{'],
  ])('is not begun on a record %s', (_what, record) =>
    inCloud(policy, async (cloud, server) => {
      await cloud.put(key, record);
      await create(server, 0, [10]);
      await cloud.converge(nodes);
      expect(await links(cloud)).toEqual(['vxlan']);
    }),
  );

  it('stays while nobody can tell, and is left for the next when it is not safe any more', () =>
    inCloud(policy, async (cloud, server) => {
      await cloud.put(key, found('open'));
      const { flows: made } = await create(server, 0, [10]);
      await cloud.converge(nodes);
      expect(await links(cloud)).toEqual(['vlan']);
      await cloud.put(key, found('kept'));
      await create(server, 1, [11]);
      await cloud.converge(nodes);
      expect((await links(cloud)).sort()).toEqual(['vlan', 'vxlan']);
      await cloud.put(key, found('closed'));
      await cloud.converge(nodes);
      expect(await links(cloud)).toEqual(['vxlan', 'vxlan']);
      expect(await status(server, `${flows}/${made[0]}`)).toMatchObject({ status: 'ACTIVE' });
      const { inputs } = [...(await cloud.nodeRecords()).values()].find(({ json }) => json['inputs'])?.json ?? {};
      expect(inputs).toMatchObject([{ type: 'vxlan' }]);
      // Safe again: what runs is not moved for it.
      await cloud.put(key, found('open'));
      await cloud.converge(nodes);
      expect((await links(cloud)).filter((link) => link === 'vxlan').length).toBeGreaterThanOrEqual(1);
    }));

  it('without another one waits, and says nothing of others', () =>
    inCloud({ ...policy, options: policy.options.slice(0, 1) }, async (cloud, server) => {
      await cloud.put(key, found('open'));
      const { flows: made } = await create(server, 0, [10]);
      await cloud.converge(nodes);
      await cloud.put(key, found('closed'));
      await cloud.converge(nodes);
      expect(await links(cloud)).toEqual([]);
      const shown = await status(server, `${flows}/${made[0]}`);
      expect(shown).toEqual({
        status: 'PENDING_CREATE',
        reason:
          'VLANs of physnet physnet1 may not carry copies now, since it is not certain that nobody else is on them; the operator sees why',
      });
      await cloud.put(key, found('open'));
      await cloud.converge(nodes);
      expect(await status(server, `${flows}/${made[0]}`)).toMatchObject({ status: 'ACTIVE' });
    }));

  it('is left as soon as an agent anywhere says that its uplink is in layer 2, even if the operator says otherwise', () => {
    const options = policy.options.map((each) => (each.type === 'vlan' ? { ...each, exclusive: true } : each));
    return inCloud({ ...policy, options }, async (cloud, server) => {
      await create(server, 0, [10]);
      await cloud.converge(nodes);
      expect(await links(cloud)).toEqual(['vlan']);
      await cloud.agent('node3', { layer2_physnets: ['physnet1'] });
      await cloud.converge(nodes);
      expect(await links(cloud)).toEqual(['vxlan']);
    });
  });

  it('is not taken where an agent does not say how its uplinks are', () => {
    const options = policy.options.map((each) => (each.type === 'vlan' ? { ...each, exclusive: true } : each));
    return inCloud({ ...policy, options }, async (cloud, server) => {
      const { layer2_physnets: _, ...old } = agentCodec.parse(
        '',
        (await cloud.store.get(keys.agent('node3')))?.value ?? '',
      );
      await cloud.put(keys.agent('node3'), agentCodec.format(old));
      await create(server, 0, [10]);
      await cloud.converge(nodes);
      expect(await links(cloud)).toEqual(['vxlan']);
    });
  });

  it('of which nothing is left for the project gives way to the next', () =>
    inCloud(policy, async (cloud, server) => {
      await cloud.put(key, found('open'));
      for (const n of [0, 1]) await create(server, n, [10 + n]);
      await cloud.converge(nodes);
      expect((await links(cloud)).sort()).toEqual(['vlan', 'vxlan']);
      for (const n of [2, 3]) await create(server, n, [10 + n], umbrella);
      await cloud.converge(nodes);
      expect((await links(cloud)).sort()).toEqual(['vlan', 'vlan', 'vxlan', 'vxlan']);
    }));
});
