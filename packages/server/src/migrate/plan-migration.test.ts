import { describe, expect, it } from 'vitest';
import { readOldTap } from './old-taps.js';
import { type Meaning, planMigration } from './plan-migration.js';

const uuid = (kind: string, n = 1) => `${kind.repeat(8)}-0000-4000-8000-${n.toString().padStart(12, '0')}`;
const [service, flow, port, source, project] = [uuid('a'), uuid('c'), uuid('b'), uuid('b', 2), 'p1'];

type Json = Readonly<Record<string, unknown>>;
const owned = { tenant_id: project, project_id: project, name: 'n', description: 'd', status: 'PENDING_CREATE' };

function serviceAt(tap: Json = {}, message: Json = {}, id = service, host = 'h1') {
  const tap_service = { id, ...owned, port_id: port, ...tap };
  const value = { tap_service, taas_id: 3800, port: {}, dest_type: 'Port', ...message };
  return [`/networking-vpp/nodes/${host}/taas_service/${id}`, JSON.stringify(value)] as const;
}
function outsideAt(tap: Json = {}) {
  const tap_service = { id: service, ...owned, port_id: '', erspan_dst_ip: '198.51.100.9', ...tap };
  return [
    `/networking-vpp/global/taas_service/${service}`,
    JSON.stringify({ tap_service, dest_type: 'ERSPAN_EXT' }),
  ] as const;
}
function flowAt(tap: Json = {}, message: Json = {}, host = 'h1') {
  const tap_flow = { id: flow, ...owned, tap_service_id: service, source_port: source, direction: 'IN', ...tap };
  const value = {
    tap_flow,
    taas_id: 3800,
    port_mac: '',
    port: {},
    tf_host: 'h1',
    ts_host: 'h1',
    dest_type: 'Port',
    ...message,
  };
  return [`/networking-vpp/nodes/${host}/taas_flow/${flow}`, JSON.stringify(value)] as const;
}
const plan = (records: readonly (readonly [string, string])[], meaning: Meaning = 'copied') =>
  planMigration(
    records.flatMap(([key, value]) => readOldTap(key, value) ?? []),
    meaning,
  );
const erspan = { dest_type: 'ERSPAN_EXT' };

describe('what becomes of the records of networking-vpp’s TaaS', () => {
  it('a tap service and its flow keep ids, projects and names; IN is what the VM sends', () => {
    const { wanted, refused, vlans } = plan([flowAt(), serviceAt()]);
    expect(refused).toEqual([]);
    expect(vlans).toEqual([3800]);
    const named = { project_id: project, name: 'n', description: 'd' };
    expect(wanted).toEqual([
      { kind: 'tap_services', id: service, keys: [serviceAt()[0]], attributes: { ...named, port_id: port }, note: '' },
      {
        ...{ kind: 'tap_flows', id: flow, keys: [flowAt()[0]] },
        attributes: { ...named, tap_service_id: service, source_port: source, direction: 'OUT', vlan_filter: null },
        note: 'direction was IN, of which networking-vpp copies this',
      },
    ]);
  });

  it.each([
    ['copied', 'IN', 'OUT', null],
    ['copied', 'OUT', 'IN', null],
    ['copied', 'BOTH', 'BOTH', null],
    ['asked', 'IN', 'IN', '1-9'],
    ['asked', 'OUT', 'OUT', '1-9'],
  ] as const)('by what was %s, %s is %s', (meaning, given, direction, vlan_filter) => {
    const { wanted } = plan([serviceAt(), flowAt({ direction: given, vlan_filter: '1-9' })], meaning);
    expect(wanted[1]?.attributes).toMatchObject({ direction, vlan_filter });
  });

  it('a flow between nodes has a record on each, and is one flow', () => {
    const { wanted } = plan([serviceAt(), flowAt(), flowAt({}, {}, 'h2')]);
    expect(wanted.map(({ kind, keys }) => [kind, keys.length])).toEqual([
      ['tap_services', 1],
      ['tap_flows', 2],
    ]);
  });

  it('what goes to an address outside becomes a tap mirror a flow, and no VLAN is held', () => {
    const { wanted, refused, vlans } = plan([
      outsideAt(),
      flowAt({ erspan_session_id: '7', direction: 'BOTH' }, erspan),
    ]);
    expect(refused).toEqual([]);
    expect(vlans).toEqual([]);
    expect(wanted).toMatchObject([
      {
        ...{ kind: 'tap_mirrors', id: flow },
        attributes: { port_id: source, mirror_type: 'erspanv1', remote_ip: '198.51.100.9', directions: { BOTH: 7 } },
      },
    ]);
  });

  it.each([
    ['not JSON', [[serviceAt()[0], '{']], 'it is not JSON'],
    ['no object', [[serviceAt()[0], '[]']], /^it must/],
    [
      'of another id',
      [[serviceAt()[0], serviceAt({}, {}, uuid('a', 2))[1]]],
      `it is of ${uuid('a', 2)}, not of ${service}`,
    ],
    ['of no project', [serviceAt({ project_id: '', tenant_id: '' })], 'it names no project'],
    ['of two projects', [serviceAt({ tenant_id: 'p2' })], 'project_id and tenant_id differ'],
    ['signed', [[serviceAt()[0], '{"jwt":"x","certificate":"y"}']], /^it is signed/],
    ['without a port', [serviceAt({ port_id: null })], /^.tap_service.port_id must/],
    ['of another delivery', [serviceAt({}, { dest_type: 'ERSPAN_INT' })], /^dest_type is ERSPAN_INT/],
    [
      'ERSPAN to a port',
      [serviceAt({ erspan_dst_ip: '10.0.0.1' }, { dest_type: 'ERSPAN_INT' })],
      /^it delivers ERSPAN/,
    ],
    ['no address', [outsideAt({ erspan_dst_ip: 'x' })], 'erspan_dst_ip is no IP address'],
    ['neither', [outsideAt({ erspan_dst_ip: '' })], 'it has neither a port nor an address'],
    ['a direction', [serviceAt(), flowAt({ direction: 'UP' })], /^\/tap_flow\/direction/],
    ['no service', [flowAt()], /^there is no record of its tap service/],
    ['another project’s service', [serviceAt({ project_id: 'p2', tenant_id: 'p2' }), flowAt()], /another project's$/],
    ['another delivery’s service', [outsideAt(), flowAt()], /^it is of Port, and its tap service/],
    ['no session', [outsideAt(), flowAt({}, erspan)], 'it has no erspan_session_id'],
    ['a session', [outsideAt(), flowAt({ erspan_session_id: 'x' }, erspan)], 'erspan_session_id is no number'],
    [
      'contradicting',
      [serviceAt(), flowAt(), flowAt({ direction: 'OUT' }, {}, 'h2')],
      'its records contradict each other',
    ],
  ] as const)('is refused by itself: %s', (_what, records, reason) => {
    const good = serviceAt({ port_id: uuid('b', 9) }, {}, uuid('a', 9));
    const { wanted, refused } = plan([...(records as readonly (readonly [string, string])[]), good]);
    expect(refused).toHaveLength(1);
    expect(refused[0]?.keys.length).toBeGreaterThan(0);
    if (typeof reason === 'string') expect(refused[0]?.reason).toBe(reason);
    else expect(refused[0]?.reason).toMatch(reason);
    expect(wanted.map(({ id }) => id)).toContain(uuid('a', 9));
  });

  it.each([
    '/networking-vpp/nodes/h1/ports/x',
    '/networking-vpp/nodes/h1/taas/tap_services/x',
    '/networking-vpp/global/x',
    '/x',
  ])('a key of something else says nothing: %s', (key) => {
    expect(readOldTap(key, '{}')).toBeNull();
  });
});
