import { keys, root, tapStateCodec } from '@taas/model';
import { createPolicy, defaultRules, loadPolicyFile } from '@taas/policy';
import { fixed } from '@taas/service';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Slices } from '../slices/slices.js';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const path = '/v2.0/taas/plan';
let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;
let admin: ReturnType<Replica['as']>;

/** Ports 1 to 8 are acme's (the odd ones on node1), 11 to 14 umbrella's; 9 is bound nowhere. */
beforeEach(async () => {
  cloud = new TestCloud();
  for (let n = 1; n <= 8; n++) await cloud.bind(n % 2 === 1 ? 'node1' : 'node2', portId(n), acme);
  for (let n = 11; n <= 14; n++) await cloud.bind('node1', portId(n), umbrella);
  for (const node of ['node1', 'node2']) await cloud.agent(node);
  server = await cloud.replica({ quotas: { tap_service: 2, tap_flow: 3, tap_mirror: 2 } });
  alice = server.as(acme);
  admin = server.as(acme, 'admin');
});
afterEach(() => cloud.stop());

const collection = { tap_service: 'tap_services', tap_flow: 'tap_flows', tap_mirror: 'tap_mirrors' } as const;
type Resource = keyof typeof collection;

async function make(resource: Resource, given: object, as = alice): Promise<string> {
  const reply = await as('POST', `/v2.0/taas/${collection[resource]}`, { [resource]: given });
  expect(reply.body).toHaveProperty(resource);
  return reply.body[resource].id;
}
const service = (port = portId(1)) => make('tap_service', { port_id: port });
const flowTo = (to: string, port: string, more: object = {}) => ({
  ...{ tap_service_id: to, source_port: port, direction: 'BOTH' },
  ...more,
});

const planCreate = (resource: Resource, given: unknown, as = alice) =>
  as('POST', path, { plan: { create: { [resource]: given } } });
const planDelete = (resource: Resource, id: unknown, as = alice) =>
  as('POST', path, { plan: { delete: { [resource]: id } } });

/** All of etcd, so that any write shows. */
const everything = async () => {
  const { revision, entries } = await cloud.store.list('');
  return { revision, entries };
};

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
    expect(JSON.stringify(plan)).not.toMatch(/physnet1|39\d\d/);
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

  it('says that no segment is free, where the ways between nodes have none left', async () => {
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
    const others = async (as: typeof alice) =>
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
      admin('POST', path, { plan: { create: { tap_flows: ports.map((port) => flowTo(to, port)) } } });
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
    const reply = await alice('POST', path, body);
    expect([reply.status, reply.body.NeutronError.message]).toEqual([400, message]);
  });

  it('is asked for by POST alone', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await alice(method, path)).status).toBe(405);
  });
});

/** Anything that somebody may send for a port or a tap service, right and wrong. */
const port = fc.oneof(
  fc.constantFrom(1, 2, 3, 4, 9, 11, 99).map(portId),
  fc.constantFrom<unknown>('x', 'FA16'.repeat(8), null, 5),
);
const project = fc.constantFrom(undefined, acme, umbrella);
const without = (given: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
const wanted = (services: readonly string[]) =>
  fc.oneof(
    fc.record({ port_id: port, name: fc.constantFrom(undefined, 'n', 3), project_id: project }).map((given) => ({
      resource: 'tap_service' as const,
      given: without(given),
    })),
    fc
      .record({
        tap_service_id: fc.constantFrom(...services, portId(77)),
        source_port: port,
        direction: fc.constantFrom('IN', 'OUT', 'BOTH', 'in'),
        filter_rules: fc.constantFrom(undefined, [], [{ action: 'accept' }], [{ action: 'x' }]),
        project_id: project,
      })
      .map((given) => ({ resource: 'tap_flow' as const, given: without(given) })),
    fc
      .record({
        port_id: port,
        mirror_type: fc.constantFrom('gre', 'erspanv1'),
        remote_ip: fc.constantFrom('192.0.2.1', '127.0.0.1', 'x'),
        directions: fc.constantFrom({ IN: 5 }, { IN: 5, OUT: 2000 }, {}, { BOTH: 7 }),
        project_id: project,
      })
      .map((given) => ({ resource: 'tap_mirror' as const, given: without(given) })),
  );

describe('what a plan admits', () => {
  const outcome = ({ status, body }: Awaited<ReturnType<typeof alice>>) =>
    status < 300 ? 'done' : [status, body.NeutronError];
  const callers = fc.constantFrom(...([[acme], [acme, 'reader'], [umbrella], [umbrella, 'admin']] as const));

  it('is what the request itself admits, with the same error else, and it writes nothing', async () => {
    const services = [await service(portId(1))];
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(callers, wanted(services), fc.boolean()), { minLength: 1, maxLength: 12 }),
        async (requests) => {
          const made: { resource: Resource; id: string }[] = [];
          for (const [[who, role = 'member'], { resource, given }, goes] of requests) {
            const as = server.as(who, role);
            const target = made[0];
            await cloud.caughtUp();
            const before = await everything();
            const plan =
              goes && target ? await planDelete(target.resource, target.id, as) : await planCreate(resource, given, as);
            expect(await everything()).toEqual(before);
            const real =
              goes && target
                ? await as('DELETE', `/v2.0/taas/${collection[target.resource]}/${target.id}`)
                : await as('POST', `/v2.0/taas/${collection[resource]}`, { [resource]: given });
            expect(outcome(plan)).toEqual(outcome(real));
            seen.add(String(real.status < 300 ? real.status : real.body.NeutronError.type));
            if (real.status === 201) made.push({ resource, id: real.body[resource].id });
            if (real.status === 204) made.shift();
          }
          for (const { resource, id } of made) await admin('DELETE', `/v2.0/taas/${collection[resource]}/${id}`);
        },
      ),
      { numRuns: 40 },
    );
    // The bodies were not all of one sort.
    for (const each of ['201', '204', 'HTTPBadRequest', 'PortNotFound']) expect([...seen]).toContain(each);
  }, 60_000);
});

describe('what refuses the request refuses the plan', () => {
  it.each<[string, number, Resource, (to: string) => object]>([
    ['OverQuota', 409, 'tap_service', () => ({ port_id: portId(7) })],
    ['TapMirrorTunnelConflict', 409, 'tap_mirror', () => mirror],
    ['TapSourceIsCollector', 409, 'tap_mirror', () => ({ ...mirror, port_id: portId(1) })],
    ['TapSourceIsServicePort', 409, 'tap_flow', (to) => flowTo(to, portId(1))],
    ['TapServicePortIsSource', 409, 'tap_service', () => ({ port_id: portId(3) })],
    ['TapServiceNotFound', 404, 'tap_flow', () => flowTo(portId(77), portId(2))],
    ['PortNotFound', 404, 'tap_flow', (to) => flowTo(to, portId(11))],
  ])('%s', async (type, status, resource, given) => {
    const to = await service();
    await service(portId(5));
    await make('tap_mirror', mirror);
    await cloud.caughtUp();
    const before = await everything();
    const plan = await planCreate(resource, given(to));
    expect(await everything()).toEqual(before);
    const real = await alice('POST', `/v2.0/taas/${collection[resource]}`, { [resource]: given(to) });
    expect([plan.status, plan.body]).toEqual([real.status, real.body]);
    expect([plan.status, plan.body.NeutronError.type]).toEqual([status, type]);
  });
});
const mirror = { port_id: portId(3), mirror_type: 'gre', remote_ip: '192.0.2.9', directions: { IN: 7 } };

describe('a plan is bounded as the request', () => {
  it('counts as a request, and is refused where the project has written too much, without counting as a write', async () => {
    const to = await service();
    const busy = await cloud.replica({ writes: { writesPerMinute: 8, bytesPerMinute: 0 } });
    const as = busy.as(acme);
    const body = { plan: { create: { tap_flow: flowTo(to, portId(2)) } } };
    for (let n = 0; n < 5; n++) expect((await as('POST', path, body)).status).toBe(200);
    for (const n of [2, 3])
      expect((await as('POST', '/v2.0/taas/tap_flows', { tap_flow: flowTo(to, portId(n)) })).status).toBe(201);
    const refused = [await as('POST', path, body), await as('POST', '/v2.0/taas/tap_flows', body.plan.create)];
    expect(refused.map(({ status, body: { NeutronError } }) => [status, NeutronError.message])).toEqual([
      [429, 'The project has written too much: try again later.'],
      [429, 'The project has written too much: try again later.'],
    ]);
    const limited = await cloud.replica({ rate: { perSecond: 0.001, burst: 2 } });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await limited.as(acme)('POST', path, body)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('is of one state of the tap service, or refused while that changes all the time', async () => {
    const to = await service();
    await make('tap_flow', flowTo(to, portId(3)));
    let changes = 0;
    let now = 0;
    let isCalm = false;
    const touch = async () => {
      changes += 1;
      await cloud.unbind('node1', portId(3));
      await cloud.bind('node1', portId(3), acme);
      await cloud.caughtUp();
    };
    // Every slice is over after one step.
    const nextLap = (run: () => void) => void (isCalm ? Promise.resolve() : touch()).then(run);
    const slices = new Slices({ clock: { monotonic: () => (now += 1_000) }, nextLap });
    const asked = (await cloud.replica({ slices })).as(acme);
    const plan = () => asked('POST', path, { plan: { create: { tap_flow: flowTo(to, portId(2)) } } });
    expect((await plan()).body.NeutronError.message).toBe('The tap service changes at the moment: try again.');
    expect(changes).toBeGreaterThan(3);
    isCalm = true;
    expect((await plan()).status).toBe(200);
  });

  it('holds no more of a project at a time than lists do', async () => {
    const to = await service();
    const held: (() => void)[] = [];
    let isOpen = false;
    const nextLap = (run: () => void) => void (isOpen ? setImmediate(run) : held.push(run));
    const slices = new Slices({ clock: { monotonic: () => 0 }, nextLap });
    const asked = (await cloud.replica({ slices, limits: { projectLists: 1 } })).as(acme);
    const all = Array.from({ length: 10 }, () => asked('POST', path, { plan: { delete: { tap_service: to } } }));
    expect((await Promise.race(all)).status).toBe(429);
    isOpen = true;
    for (const run of held) run();
    const statuses = (await Promise.all(all)).map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(9).fill(200), 429]);
  });

  it('is refused where etcd has no room', async () => {
    const full = await cloud.replica({
      checkRoom: () => {
        throw new Error('no room');
      },
    });
    const reply = await full.as(acme)('POST', path, { plan: { create: { tap_service: { port_id: portId(1) } } } });
    expect(reply.status).toBe(500);
    expect((await cloud.store.list(`${root}/taas/`)).entries).toEqual([]);
  });
});
