import { keys, tapStateCodec } from '@taas/model';
import { createPolicy, defaultRules, loadPolicyFile } from '@taas/policy';
import { fixed } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, TestCloud, umbrella } from '../test-cloud.suite.js';
import { type As, flowTo, type Planning, planningCloud, planPath } from './planning.suite.js';

let cloud: Planning['cloud'];
let server: Planning['server'];
let alice: Planning['alice'];
let admin: Planning['admin'];
let make: Planning['make'];
let service: Planning['service'];
let planCreate: Planning['planCreate'];
let planDelete: Planning['planDelete'];

beforeEach(async () => {
  ({ cloud, server, alice, admin, make, service, planCreate, planDelete } = await planningCloud());
});
afterEach(() => cloud.stop());

describe('a plan', () => {
  it('says what a flow between nodes would do, and then the flow does that', async () => {
    const to = await service();
    await cloud.lead(server);
    await cloud.converge(['node1', 'node2']);
    const { status, body } = await planCreate('tap_flow', flowTo(to, portId(2)), admin);
    expect(status).toBe(200);
    const { plan } = body;
    expect(plan).toMatchObject({ change: 'create', kind: 'tap_flow', changes: true, nodes_in_all: 2 });
    expect(plan.taps).toMatchObject([
      {
        ...{ id: null, status: 'ACTIVE', status_reason: '' },
        copying: {
          transport: { type: 'vlan', takes_segment: true, link: { physnet: 'physnet1' } },
          size: { transport: 'vlan', port_mtu: null, needs_mtu: null, underlay_mtu: null },
          forecast: { packets_per_second: null, bits_per_second: null, counted_by: null },
        },
      },
    ]);
    const { vlan } = { vlan: 0, ...plan.taps[0]?.copying?.transport?.link };
    expect(plan.nodes).toEqual([
      {
        ...{ node: 'node2', kind: 'tap_flow', id: null, change: 'add' },
        steps: [`copy port ${portId(2)}, IN and OUT, to the collector's node over VLAN ${vlan} of physnet physnet1`],
      },
      {
        ...{ node: 'node1', kind: 'tap_service', id: to, change: 'change' },
        steps: [`take copies in over VLAN ${vlan} of physnet physnet1`],
      },
    ]);
    expect(plan.quotas).toEqual([{ project_id: acme, resource: 'tap_flow', limit: 3, used: 0, after: 1 }]);

    const id = await make('tap_flow', flowTo(to, portId(2)));
    await cloud.converge(['node1', 'node2']);
    const told = (await cloud.nodeRecords()).get(keys.nodeResource('node2', 'tap_flows', id));
    expect(told?.json['target']).toEqual({ type: 'vlan', physnet: 'physnet1', vlan });
    expect((await alice('GET', `/v2.0/taas/tap_flows/${id}`)).body.tap_flow.status).toBe('ACTIVE');
  });

  it('keeps segments and addresses between nodes for administrators', async () => {
    const to = await service();
    const { plan } = (await planCreate('tap_flow', flowTo(to, portId(2)))).body;
    expect(plan.taps[0]?.copying?.transport).toEqual({ type: 'vlan', takes_segment: true });
    // Ids are random, and may have a VLAN's digits in them.
    const said = JSON.stringify(plan).replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an id');
    expect(said).not.toMatch(/physnet1|39\d\d/);
    const mirror = { port_id: portId(2), mirror_type: 'gre', remote_ip: '192.0.2.9', directions: { IN: 7 } };
    const shown = JSON.stringify((await planCreate('tap_mirror', mirror)).body);
    expect(shown).toContain(`copy port ${portId(2)}, IN with GRE key 7, to 192.0.2.9`);
    expect(shown).not.toContain('10.0.0.2');
    expect(JSON.stringify((await planCreate('tap_mirror', mirror, admin)).body)).toContain('from 10.0.0.2');
  });

  it('says why a tap would not be ACTIVE', async () => {
    const to = await service();
    const code = async (port: string) =>
      (await planCreate('tap_flow', flowTo(to, port))).body.plan.taps[0]?.status_code;
    expect(await code(portId(9))).toBe('port_not_bound');
    await cloud.delete(keys.agent('node2'));
    await cloud.caughtUp();
    expect(await code(portId(2))).toBe('no_common_network');
    expect(await code(portId(3))).toBe('ok');
    await cloud.delete(keys.agent('node1'));
    await cloud.caughtUp();
    expect(await code(portId(3))).toBe('agent_not_running');
  });

  it('says that no segment is free, where the links between nodes have none left', async () => {
    const option = { type: 'vlan', physnet: 'physnet1', first: 3900, last: 3901, exclusive: true } as const;
    const narrow = new TestCloud({ options: [option], projectShare: 0.5 });
    try {
      for (const n of [1, 2, 3]) await narrow.bind(`node${n}`, portId(n), acme);
      for (const n of [1, 2, 3]) await narrow.agent(`node${n}`);
      const one = await narrow.replica();
      await narrow.lead(one);
      const as = one.as(acme);
      const to = (await as('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1) } })).body.tap_service
        .id;
      const other = (await as('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(2) } })).body
        .tap_service.id;
      const planned = async (service: string) => {
        await narrow.settle();
        return (await planCreate('tap_flow', flowTo(service, portId(3)), as)).body.plan.taps[0];
      };
      expect(await planned(other)).toMatchObject({ copying: { transport: { type: 'vlan', takes_segment: true } } });
      await as('POST', '/v2.0/taas/tap_flows', { tap_flow: flowTo(to, portId(3)) });
      expect(await planned(to)).toMatchObject({ copying: { transport: { type: 'vlan', takes_segment: false } } });
      expect(await planned(other)).toMatchObject({ status_code: 'segments_exhausted', copying: { transport: null } });
    } finally {
      await narrow.stop();
    }
  });

  it('says what the node of a tap service has said of it', async () => {
    const to = await service();
    await cloud.lead(server);
    await cloud.converge(['node1']);
    const key = keys.nodeResource('node1', 'tap_services', to);
    const revision = (await cloud.store.get(key))?.modRevision ?? 0;
    const down = { status: 'DOWN', status_code: 'collector_link_down', reason: 'no link' } as const;
    await cloud.put(
      keys.stateResource('node1', 'tap_services', to),
      tapStateCodec.format({ v: 1, id: to, revision, ...down }),
    );
    await cloud.caughtUp();
    const { plan } = (await planCreate('tap_flow', flowTo(to, portId(3)))).body;
    expect(plan.taps[0]).toMatchObject({ status: 'DOWN', status_code: 'collector_link_down' });
  });

  it('names what copies the port already, and whose figures say the rate', async () => {
    const to = await service();
    const id = await make('tap_flow', flowTo(to, portId(3), { direction: 'IN' }));
    const planned = async (direction: string) =>
      (await planCreate('tap_flow', flowTo(to, portId(3), { direction }))).body.plan.taps[0]?.copying;
    const one = { kind: 'tap_flow', id, project_id: acme, direction: 'IN', same_service: true };
    // As long as it copies nothing, its figures say nothing.
    expect((await planned('IN'))?.forecast.counted_by).toBeNull();
    await cloud.lead(server);
    await cloud.converge(['node1', 'node2']);
    expect(await planned('IN')).toMatchObject({
      ...{ same_port: [one], same_port_in_all: 1 },
      forecast: { packets_per_second: null, counted_by: { kind: 'tap_flow', id } },
    });
    // Nobody counts what the port sends.
    expect((await planned('BOTH'))?.forecast.counted_by).toBeNull();
  });

  it('knows whose a port is and where, though nothing has used it before', async () => {
    const place = { is: 'bound', node: 'node2', projectId: acme, mtu: 1450 } as const;
    const asked = await cloud.replica({
      ...{ owners: 'always', placesFrom: 'records', place: () => place },
      ports: { lookup: async () => ({ is: 'known', projectId: acme, visible: true }) },
    });
    const mirrored = { port_id: portId(2), mirror_type: 'gre', remote_ip: '192.0.2.9', directions: { IN: 7 } };
    const { plan } = (await planCreate('tap_mirror', mirrored, asked.as(acme))).body;
    expect(plan.taps[0]).toMatchObject({ status: 'ACTIVE', copying: { size: { port_mtu: 1450, needs_mtu: 1492 } } });
    expect(plan.nodes).toMatchObject([{ node: 'node2', change: 'add' }]);
  });

  it('names nobody who copies a port of which it is not known whose it is, as tapped_ports does not', async () => {
    const bobs = await make('tap_service', { port_id: portId(11) }, server.as(umbrella));
    const theirs = await make('tap_flow', flowTo(bobs, portId(9)), server.as(umbrella));
    const others = async (as: As) =>
      (await planCreate('tap_flow', flowTo(to, portId(9)), as)).body.plan.taps[0]?.copying?.same_port;
    const to = await service();
    expect(await others(alice)).toEqual([]);
    // Whatever an operator lets people read, it is of their own ports.
    const overrides = loadPolicyFile('get_taas_tapped_port: "@"\n');
    const open = await cloud.replica({ rules: fixed(createPolicy({ defaults: defaultRules, overrides })) });
    expect(await others(open.as(acme))).toEqual([]);
    expect(await others(admin)).toMatchObject([{ id: theirs, same_service: false }]);
  });

  it('does not tell a node to remove what it has been told to remove', async () => {
    const to = await service();
    const id = await make('tap_flow', flowTo(to, portId(2)));
    await cloud.lead(server);
    await cloud.converge(['node1', 'node2']);
    await cloud.unbind('node2', portId(2));
    await cloud.settle();
    await cloud.report('node2');
    await cloud.settle();
    await cloud.standDown();
    await cloud.bind('node2', portId(2), acme);
    await cloud.caughtUp();
    const told = (await cloud.nodeRecords()).get(keys.nodeResource('node2', 'tap_flows', id));
    expect(told?.json['removed']).toBe(true);
    const { plan } = (await planDelete('tap_flow', id)).body;
    expect(plan.nodes.filter(({ node }) => node === 'node2')).toEqual([]);
  });

  it('of a deletion says what goes, and by a second one nothing', async () => {
    const to = await service();
    const id = await make('tap_flow', flowTo(to, portId(2)));
    await cloud.lead(server);
    await cloud.converge(['node1', 'node2']);
    const flow = (await planDelete('tap_flow', id)).body.plan;
    expect(flow.taps[0]).toMatchObject({ id, status: 'PENDING_DELETE', status_code: 'waiting_for_removal' });
    expect(flow.nodes).toMatchObject([
      { node: 'node1', kind: 'tap_service', change: 'change', steps: ['take no more copies in over VLAN'] },
      { node: 'node2', kind: 'tap_flow', id, change: 'remove', steps: [`stop copying port ${portId(2)}`] },
    ]);
    const all = (await planDelete('tap_service', to, admin)).body.plan;
    expect(all.nodes.map(({ change }) => change)).toEqual(['remove', 'remove']);
    expect(all.quotas).toEqual([
      { project_id: acme, resource: 'tap_service', limit: 2, used: 1, after: 0 },
      { project_id: acme, resource: 'tap_flow', limit: 3, used: 1, after: 0 },
    ]);
    await alice('DELETE', `/v2.0/taas/tap_services/${to}`);
    await cloud.caughtUp();
    const again = (await planDelete('tap_service', to, admin)).body.plan;
    expect([again.changes, again.nodes, again.quotas?.[0]?.after]).toEqual([false, [], 1]);
  });

  it('says nothing of quotas to who may not read them', async () => {
    expect((await planCreate('tap_service', { port_id: portId(1) })).body.plan.quotas).toBeNull();
    expect((await planCreate('tap_service', { port_id: portId(1) }, admin)).body.plan.quotas).toHaveLength(1);
  });

  it('of a tap that no node was told of says that it goes at once', async () => {
    const to = await service();
    const { plan } = (await planDelete('tap_service', to)).body;
    expect(plan).toMatchObject({ changes: true, nodes: [], taps: [{ id: to, status: null }] });
    expect((await alice('GET', `/v2.0/taas/tap_services/${to}`)).status).toBe(200);
  });

  it('is of several, all or none', async () => {
    const to = await service();
    const several = (...ports: string[]) =>
      admin('POST', planPath, { plan: { create: { tap_flows: ports.map((port) => flowTo(to, port)) } } });
    const { plan } = (await several(portId(2), portId(3))).body;
    expect(plan.taps).toHaveLength(2);
    expect(plan.quotas?.[0]).toMatchObject({ after: 2 });
    expect((await several(portId(2), portId(11))).status).toBe(403);
  });

  it.each<[unknown, string]>([
    [undefined, 'Resource body required'],
    [{ tap_flow: {} }, "Unable to find 'plan' in request body"],
    [{ plan: {} }, "A plan has either 'create' or 'delete'"],
    [{ plan: { create: {}, delete: {} } }, "A plan has either 'create' or 'delete'"],
    [{ plan: { create: { quota: {} } } }, "'create' of a plan names one of tap_service, tap_flow and tap_mirror"],
    [{ plan: { delete: { tap_flows: [] } } }, "'delete' of a plan names one of tap_service, tap_flow and tap_mirror"],
    [{ plan: { delete: { tap_flow: 7 } } }, "'delete' of a plan has the id of the tap_flow"],
  ])('%j is none', async (body, message) => {
    const reply = await alice('POST', planPath, body);
    expect([reply.status, reply.body.NeutronError.message]).toEqual([400, message]);
  });

  it('is asked for by POST alone', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await alice(method, planPath)).status).toBe(405);
  });
});
