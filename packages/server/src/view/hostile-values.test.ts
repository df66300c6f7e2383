import { keys, parseKey, prefixes, tapStateCodec } from '@taas/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { acme, portId, TestCloud } from '../test-cloud.suite.js';

// Whoever can write a key of ours or of networking-vpp's may write anything: the neighbours do not notice.

const id = '00000000-0000-4000-8000-00000000e000';
const link = { type: 'vxlan', vni: 70_001, local: '10.0.0.9', remote: '10.0.0.2' };
const common = { v: 1, id, project_id: 'evil' };
const named = { ...common, name: '', description: '', created_at: 1 };
const flow = { tap_service_id: id, source_port: portId(8), direction: 'BOTH', vlan_filter: null };
const mirror = { port_id: portId(8), mirror_type: 'gre', directions: { IN: 5 } };
const state = { v: 1, id, revision: 1, status: 'ACTIVE', reason: '' };
const agent = {
  ...{ v: 1, node: 'evil', agent_version: '1', vpp_version: '26.06', tunnel_address: '10.0.0.9' },
  ...{ physnets: ['physnet1'], capabilities: [] },
};

/** A right record of each key that is not a neighbour's. */
const targets: readonly (readonly [key: string, record: object])[] = [
  [keys.resource('tap_services', id), { ...named, port_id: portId(9) }],
  [keys.resource('tap_flows', id), { ...named, ...flow, filter_rules: [] }],
  [keys.resource('tap_mirrors', id), { ...named, ...mirror, remote_ip: '192.0.2.1' }],
  [keys.portRole(portId(9)), { v: 1, role: 'collector' }],
  [keys.portBinding(portId(9)), { v: 1, node: 'evil', reason: '', project_id: 'evil' }],
  [keys.tunnelId('evil', 5), { v: 1, tap_mirror_id: id }],
  [keys.quota('evil'), { v: 1, tap_flow: 5 }],
  [keys.admission('evil', 'tap_flows'), {}],
  [keys.segment({ type: 'vxlan', physnet: null, id: 70_001 }), { v: 1, tap_service_id: id }],
  [keys.segment({ type: 'vlan', physnet: 'physnet1', id: 3901 }), { v: 1, tap_service_id: id }],
  [keys.nodeResource('evil', 'tap_services', id), { ...common, port_id: portId(9), inputs: [link] }],
  [keys.nodeResource('evil', 'tap_flows', id), { ...common, ...flow, filter: [], target: link }],
  [
    keys.nodeResource('evil', 'tap_mirrors', id),
    { ...common, ...mirror, local: '10.0.0.9', remote: '192.0.2.1', mtu: null },
  ],
  [keys.stateResource('evil', 'tap_services', id), state],
  [keys.stateResource('evil', 'tap_flows', id), state],
  [keys.stateResource('evil', 'tap_mirrors', id), state],
  [keys.agent('evil'), agent],
  [keys.boundPort('evil', portId(8)), { mtu: 1500, project_id: 'evil' }],
  [keys.boundTrunk('evil', portId(7)), { sub_ports: [{ port_id: portId(6) }] }],
  [`${prefixes.api}unheard_of/${id}`, { v: 1 }],
];

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0.5, 1e308, 2 ** 53, '', 'x'.repeat(5000), '\u0000', '\u202e', [], {}),
  fc.constantFrom<unknown>('garbage', 'fe80::1%eth0', '224.0.0.1', '10.0.0.1', '10.0.0.2', '../..', '__proto__'),
  fc.constantFrom<unknown>({ __proto__: null }, [{ port_id: 7 }], Array(5000).fill('p'), { type: 'local' }),
  fc.jsonValue(),
);
const mutated = (record: object) =>
  fc
    .tuple(fc.constantFrom('v', ...Object.keys(record)), odd)
    .map(([field, value]) => JSON.stringify({ ...record, [field]: value }));
const anyValueFor = (record: object) =>
  fc.oneof(
    { weight: 6, arbitrary: mutated(record) },
    fc.constant(JSON.stringify(record)),
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(deep, `{"v":${deep}}`, '{"__proto__":{"v":1},"v":1}', '{"v":1,"v":2}', '"', ''),
  );

it('neighbours do not notice what stands in any key', async () => {
  const cloud = new TestCloud();
  const replica = await cloud.replica();
  await cloud.lead(replica);
  for (const node of ['n1', 'n2']) await cloud.agent(node);
  await cloud.bind('n1', portId(1), acme);
  await cloud.bind('n2', portId(2), acme);

  /** What honest agents say to all that they are told. */
  const report = async (): Promise<number> => {
    let said = 0;
    for (const node of ['n1', 'n2'])
      for (const { key, value, modRevision: revision } of (await cloud.store.list(prefixes.nodeTaas(node))).entries) {
        const parsed = parseKey(key);
        if (parsed.is !== 'node-resource') continue;
        const { removed } = JSON.parse(value) as { removed?: boolean };
        const status = removed === true ? 'REMOVED' : 'ACTIVE';
        const stateKey = keys.stateResource(node, parsed.kind, parsed.id);
        const text = tapStateCodec.format({ v: 1, id: parsed.id, revision, status, reason: '' });
        if ((await cloud.store.get(stateKey))?.value === text) continue;
        await cloud.put(stateKey, text);
        said += 1;
      }
    return said;
  };
  const converge = async (): Promise<void> => {
    do await cloud.settle();
    while ((await report()) > 0);
  };
  const create = async () => {
    const service = await replica.request('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(2) } });
    const { id: tap_service_id } = service.body.tap_service;
    const tap_flow = { tap_service_id, source_port: portId(1), direction: 'BOTH' };
    const made = await replica.request('POST', '/v2.0/taas/tap_flows', { tap_flow });
    return {
      service: `/v2.0/taas/tap_services/${tap_service_id}`,
      flow: `/v2.0/taas/tap_flows/${made.body.tap_flow.id}`,
    };
  };
  const statusOf = async (path: string) => (await replica.request('GET', path)).body.tap_flow.status;

  try {
    const standing = await create();
    await converge();
    const all = fc.tuple(...targets.map(([, record]) => anyValueFor(record)));
    await fc.assert(
      fc.asyncProperty(all, async (values) => {
        for (const [n, [key]] of targets.entries()) await cloud.put(key, values[n] ?? '');
        const fresh = await create();
        await converge();
        expect(await statusOf(standing.flow)).toBe('ACTIVE');
        expect(await statusOf(fresh.flow)).toBe('ACTIVE');
        expect((await replica.request('DELETE', fresh.service)).status).toBe(204);
        await converge();
        expect((await replica.request('GET', fresh.service)).status).toBe(404);
        expect((await replica.request('GET', '/v2.0/taas/tap_flows')).status).toBe(200);
      }),
      { numRuns: 200 },
    );
    expect(replica.live.malformedSeen).toBeGreaterThan(50);
  } finally {
    await cloud.stop();
  }
}, 60_000);
