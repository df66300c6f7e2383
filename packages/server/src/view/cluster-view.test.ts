import { keys, prefixes } from '@taas/model';
import { atOnce } from '@taas/service';
import type { KeyValue } from '@taas/store';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';
import { ownerOf } from './port-owner.js';
import { anyRecord, History, uuid } from './random-history.suite.js';
import { ViewState } from './view-state.js';

const services = '/v2.0/taas/tap_services';
const flows = '/v2.0/taas/tap_flows';

let cloud: TestCloud;
let server: Replica;
beforeEach(async () => {
  cloud = new TestCloud();
  for (const n of [1, 2]) {
    await cloud.agent(`node${n}`);
    await cloud.bind(`node${n}`, portId(n));
    await cloud.bind(`node${n}`, portId(n + 10));
  }
  server = await cloud.replica();
  await cloud.lead(server);
});
afterEach(() => cloud.stop());

async function tap(collector: number, source: number): Promise<{ service: string; flow: string }> {
  const ask = server.as(acme);
  const made = await ask('POST', services, { tap_service: { port_id: portId(collector) } });
  const body = { tap_service_id: made.body.tap_service.id, source_port: portId(source), direction: 'IN' };
  const flow = await ask('POST', flows, { tap_flow: body });
  return { service: made.body.tap_service.id, flow: flow.body.tap_flow.id };
}

const shown = async (path: string) => (await server.as(acme)('GET', path)).body;

describe('a malformed record', () => {
  it.each([
    ['no JSON', '{'],
    ['no object', '7'],
    ['another version', '{"v": 2}'],
    ['a wrong field', '{"v": 1, "id": 5}'],
    ['nothing', ''],
  ])('of a tap service (%s) changes nothing of its own wiring nor of others’', async (_what, value) => {
    const bad = await tap(1, 2);
    await cloud.converge(['node1', 'node2']);
    const before = await cloud.nodeRecords();
    const key = keys.resource('tap_services', bad.service);
    await cloud.put(key, value);
    const good = await tap(11, 12);
    await cloud.converge(['node1', 'node2']);
    const after = await cloud.nodeRecords();
    for (const [published, { kv }] of before) expect(after.get(published)?.kv).toEqual(kv);
    expect((await shown(`${flows}/${good.flow}`)).tap_flow.status).toBe('ACTIVE');
    expect((await shown(`${services}/${bad.service}`)).NeutronError.type).toBe('TapServiceNotFound');
    expect(server.live.view.problems.has(key)).toBe(true);
    expect(server.live.malformedSeen).toBe(1);
    // Its flow and its ports' roles are still its own.
    expect((await shown(`${flows}/${bad.flow}`)).tap_flow).toMatchObject({
      status: 'PENDING_CREATE',
      status_reason: `the record of tap service ${bad.service} is malformed`,
    });
    expect(await cloud.store.get(keys.portRole(portId(1)))).toBeDefined();
    expect((await cloud.read(prefixes.segments)).size).toBe(2);
  });

  it('of a tap flow leaves what stands for it, until its service is deleted', async () => {
    const bad = await tap(1, 2);
    await cloud.converge(['node1', 'node2']);
    const before = await cloud.nodeRecords();
    await cloud.put(keys.resource('tap_flows', bad.flow), 'x');
    await cloud.converge(['node1', 'node2']);
    expect(await cloud.nodeRecords()).toEqual(before);
    await server.as(acme)('DELETE', `${services}/${bad.service}`);
    await cloud.converge(['node1', 'node2']);
    expect((await cloud.nodeRecords()).size).toBe(0);
  });

  it('of what a node is told is written anew', async () => {
    const { flow } = await tap(1, 2);
    await cloud.converge(['node1', 'node2']);
    const key = keys.nodeResource('node2', 'tap_flows', flow);
    const { value } = (await cloud.store.get(key)) as KeyValue;
    await cloud.put(key, '{"v": 1');
    await cloud.settle();
    expect((await cloud.store.get(key))?.value).toBe(value);
    expect(server.live.view.problems.size).toBe(0);
  });

  it('of what a node is told of a tap mirror is taken away, whatever the mirror itself says', async () => {
    const [id, reserved] = [portId(88), '224.0.0.1'];
    const named = { v: 1, id, project_id: acme, name: '', description: '', created_at: 1 };
    const mirror = { port_id: portId(2), mirror_type: 'gre', directions: { IN: 5 }, remote_ip: reserved };
    const key = keys.nodeResource('node2', 'tap_mirrors', id);
    await cloud.put(keys.resource('tap_mirrors', id), JSON.stringify({ ...named, ...mirror }));
    await cloud.put(key, '{}');
    const compiler = await cloud.lead(server);
    await cloud.settle();
    expect((await cloud.nodeRecords()).get(key)?.json).toMatchObject({ id, removed: true });
    expect(server.live.view.problems.size).toBe(0);
    expect(compiler.stats.transactions).toBeLessThan(5);
    await cloud.converge(['node2']);
    expect(await cloud.nodeRecords()).toEqual(new Map());
  });

  it('of what a node is told, that belongs to nobody, keeps all segments from being used again', async () => {
    const { service } = await tap(1, 2);
    await cloud.converge(['node1', 'node2']);
    const orphan = keys.nodeResource('node2', 'tap_flows', portId(77));
    await cloud.put(orphan, '{}');
    await server.as(acme)('DELETE', `${services}/${service}`);
    await cloud.converge(['node1', 'node2']);
    expect((await cloud.read(prefixes.segments)).size).toBe(1);
    await cloud.delete(orphan);
    await cloud.settle();
    expect((await cloud.read(prefixes.segments)).size).toBe(0);
  });

  it('of a tap keeps all ports’ roles, and lets them go when it is mended or gone', async () => {
    const { service } = await tap(1, 2);
    await cloud.converge(['node1', 'node2']);
    const malformed = keys.resource('tap_flows', portId(77));
    await cloud.put(malformed, '{"v":1,"id":"');
    await server.as(acme)('DELETE', `${services}/${service}`);
    await cloud.converge(['node1', 'node2']);
    expect((await cloud.read(prefixes.portRoles)).size).toBe(2);
    await cloud.delete(malformed);
    await cloud.settle();
    expect((await cloud.read(prefixes.portRoles)).size).toBe(0);
  });

  it('of a segment that is in use is written anew, and the nodes are told nothing', async () => {
    await tap(1, 2);
    await cloud.converge(['node1', 'node2']);
    const published = await cloud.nodeRecords();
    const [[key, entry] = []] = [...(await cloud.read(prefixes.segments))];
    if (!key || !entry) throw new Error('no segment');
    await cloud.put(key, '{"v":1,');
    await cloud.settle();
    expect((await cloud.read(prefixes.segments)).get(key)?.json).toEqual(entry.json);
    expect(await cloud.nodeRecords()).toEqual(published);
  });

  it('of a segment is nobody’s and never free', async () => {
    const { service } = await tap(1, 2);
    await cloud.settle();
    const [key] = [...(await cloud.read(prefixes.segments)).keys()];
    if (!key) throw new Error('no segment');
    await server.as(acme)('DELETE', `${services}/${service}`);
    await cloud.converge(['node1', 'node2']);
    expect((await cloud.read(prefixes.segments)).size).toBe(0);
    await cloud.put(key, 'x');
    await cloud.settle();
    expect((await cloud.store.get(key))?.value).toBe('x');
  });

  it('of a port or an agent makes the tap wait, with a reason', async () => {
    const { flow } = await tap(1, 2);
    await cloud.put(keys.boundPort('node2', portId(2)), '[]');
    await cloud.converge(['node1', 'node2']);
    expect((await shown(`${flows}/${flow}`)).tap_flow).toMatchObject({
      status: 'PENDING_CREATE',
      status_reason: `the binding of port ${portId(2)} in etcd is malformed`,
    });
  });

  it.each([
    ['{"sub_ports":{}}', '/sub_ports is not a list'],
    ['{"sub_ports":[{"port_id":"a"},{"port_id":7}]}', '/sub_ports/1/port_id is not an id'],
  ])('of a trunk binds no subport: %s', async (value, problem) => {
    const key = keys.boundTrunk('node2', portId(9));
    await cloud.put(key, value);
    await cloud.caughtUp();
    expect(server.live.view.problems.get(key)).toBe(problem);
    await cloud.put(key, `{"sub_ports":[{"port_id":"${portId(2)}"}]}`);
    await cloud.caughtUp();
    expect(server.live.view.problems.has(key)).toBe(false);
  });
});

/** All that the view says, in a form that can be compared. */
function facts(view: ViewState): unknown {
  const sorted = (values: Iterable<string>) => [...values].sort();
  const ids = ['a', 'b', 'c'].map((letter) => uuid(letter));
  return {
    services: sorted(view.services.keys()),
    flows: sorted(view.flows.keys()),
    problems: sorted(view.problems.keys()),
    unreadable: sorted(view.unreadable),
    byService: ids.map((id) => sorted(view.flowsByService.get(id))),
    byPort: ids.map((id) => [sorted(view.servicesByPort.get(id)), sorted(view.flowsByPort.get(id))]),
    byProject: [acme].map((id) => [view.byProject.tap_services.inOrder(id), view.byProject.tap_flows.inOrder(id)]),
    places: ids.map((id) => view.places.of(id)),
    published: ids.map((id) => sorted(view.nodeRecords.ofService(id).map((entry) => entry.key))),
    publishedOfFlow: ids.map((id) => sorted(view.nodeRecords.ofFlow(id).map((entry) => entry.key))),
    onNode: ['n1', 'n2'].map((id) => sorted(view.nodeRecords.onNode(id).map(({ key }) => key))),
    segments: ids.map((id) => sorted(view.segments.ofService(id).map((held) => held.key))),
    pool: view.segments.heldInPool({ type: 'vlan', physnet: 'p' }),
    share: view.segments.heldByProject({ type: 'vlan', physnet: 'p' }, acme),
    states: sorted([...view.states.all()].map(({ key, record }) => `${key} ${JSON.stringify(record)}`)),
    roles: ids.map((id) => [view.portRoles.get(id)?.key, view.portRoles.get(id)?.record]),
    keys: sorted([...view.services.values(), ...view.flows.values()].map(({ key }) => key)),
    records: ids.map((id) => sorted(view.nodeRecords.ofService(id).map(({ record }) => JSON.stringify(record)))),
    ofServices: sorted(view.nodeRecords.services()),
    agents: sorted(view.agents.keys()),
  };
}

/** Ports that are copied, by owner, as the view has them in hand, */
function tappedByOwner({ tapped }: ViewState): Record<string, string[]> {
  const owners = [null, 'acme', 'globex'];
  const found = owners.map((owner) => [String(owner), [...tapped.ofProject(owner)].sort()] as const);
  return Object.fromEntries([...found, ['all', [...tapped.all()].sort()]]);
}

/** and one by one. */
function lookedUp(view: ViewState): Record<string, string[]> {
  const all = [...new Set([...view.flowsByPort.keys(), ...view.mirrors.byPort.keys()])].sort();
  const of = (owner: string | null) => all.filter((port) => ownerOf(view, port) === owner);
  return { null: of(null), acme: of('acme'), globex: of('globex'), all };
}

describe('the view', () => {
  it('takes a snapshot out of its list: the two are never there at once, both whole', () => {
    const history = new History();
    history.change(keys.physnet('p'), '{}');
    const { entries } = history.snapshot();
    expect(entries).not.toEqual([]);
    expect(atOnce(new ViewState().read(entries)).problems.size).toBe(1);
    expect(entries).toEqual([]);
  });

  it('is the same whether it followed every change or began with a snapshot', () => {
    const change = fc.tuple(anyRecord, fc.constantFrom('put', 'put', 'put', 'delete'));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const history = new History();
        const followed = new ViewState();
        followed.apply(history.snapshot());
        for (const [[key, value], what] of changes) {
          const event = history.change(key, what === 'put' ? value : null);
          if (event) followed.apply(event);
        }
        const begun = new ViewState();
        begun.apply(history.snapshot());
        const { share: _, ...expected } = facts(begun) as { share: number };
        expect(facts(followed)).toMatchObject(expected);
        for (const view of [begun, followed]) expect(tappedByOwner(view)).toEqual(lookedUp(view));
      }),
      { numRuns: 500 },
    );
  });
});
