import { keys, prefixes, type TapStateStatus, tapStateCodec } from '@taas/model';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeTapsOfPort } from '../taps/removal/port-removal.js';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';
import { OwnWrites } from '../view/own-writes.js';

const mirrors = '/v2.0/taas/tap_mirrors';
let cloud: TestCloud;
let server: Replica;

beforeEach(async () => {
  cloud = new TestCloud();
  for (const node of ['node1', 'node2']) await cloud.agent(node);
  for (let n = 1; n <= 3; n++) await cloud.bind('node1', portId(n), acme);
  server = await cloud.replica();
  await cloud.lead(server);
});
afterEach(() => cloud.stop());

async function create(port: number, directions: object, more: object = {}, project = acme): Promise<string> {
  const mirror = { port_id: portId(port), mirror_type: 'gre', remote_ip: '198.51.100.9', directions, ...more };
  const reply = await server.as(project)('POST', mirrors, { tap_mirror: mirror });
  expect(reply.status).toBe(201);
  return reply.body.tap_mirror.id;
}

async function shown(id: string): Promise<string> {
  const { body } = await server.as(acme)('GET', `${mirrors}/${id}`);
  return body.tap_mirror ? `${body.tap_mirror.status} ${body.tap_mirror.status_reason}`.trim() : 'gone';
}

const tunnelIds = async () =>
  [...(await cloud.read(prefixes.tunnelIds)).keys()].map((key) => Number(key.split('/').at(-1)));
const published = async () => [...(await cloud.nodeRecords()).keys()];
const at = (node: string, id: string) => keys.nodeResource(node, 'tap_mirrors', id);
const remove = (id: string) => server.as(acme)('DELETE', `${mirrors}/${id}`);

async function report(node: string, id: string, status: TapStateStatus, reason = ''): Promise<void> {
  const revision = (await cloud.nodeRecords()).get(at(node, id))?.kv.modRevision ?? 0;
  const state = tapStateCodec.format({ v: 1, id, revision, status, reason });
  await cloud.put(keys.stateResource(node, 'tap_mirrors', id), state);
  await cloud.caughtUp();
}

describe('a tap mirror', () => {
  it("is told to its port's node with all that it needs, and is ACTIVE once that has verified it", async () => {
    await cloud.put(keys.boundPort('node1', portId(1)), JSON.stringify({ project_id: acme, mtu: 1450 }));
    const id = await create(1, { IN: 5, OUT: 6 });
    await cloud.settle();
    expect((await cloud.nodeRecords()).get(at('node1', id))?.json).toEqual({
      ...{ v: 1, id, project_id: acme, port_id: portId(1), mirror_type: 'gre', mtu: 1450 },
      ...{ local: '10.0.0.1', remote: '198.51.100.9', directions: { IN: 5, OUT: 6 } },
    });
    expect(await shown(id)).toBe('PENDING_CREATE waiting for node node1');
    await report('node1', id, 'PENDING', 'this node has no route to 198.51.100.9');
    expect(await shown(id)).toBe('PENDING_CREATE this node has no route to 198.51.100.9');
    await report('node1', id, 'ACTIVE', 'warning: the underlay is narrow');
    expect(await shown(id)).toBe('ACTIVE warning: the underlay is narrow');
    await cloud.delete(keys.agent('node1'));
    await cloud.settle();
    expect(await shown(id)).toBe('DOWN the TaaS agent of node node1 is not running');
    expect(await published()).toEqual([at('node1', id)]);
  });

  it('says what is missing: a binding, an agent, an address, one of the same IP version', async () => {
    await cloud.bind('node3', portId(9), acme);
    const far = await create(9, { IN: 1 });
    const nowhere = await create(8, { IN: 2 });
    const six = await create(1, { IN: 3 }, { remote_ip: '2001:db9::9' });
    await cloud.settle();
    expect(await shown(nowhere)).toBe(`PENDING_CREATE port ${portId(8)} is not bound to a node`);
    expect(await shown(far)).toBe('PENDING_CREATE the TaaS agent of node3 is not connected to its VPP');
    expect(await shown(six)).toMatch(/tunnel address is of IPv4, to an address of IPv6$/);
    await cloud.agent('node3', { tunnel_address: null });
    await cloud.settle();
    expect(await shown(far)).toBe('PENDING_CREATE node node3 has no tunnel address that copies could be sent from');
    expect(await published()).toEqual([]);
  });

  it('is deleted in two steps; its tunnel ids are free only when its node has confirmed', async () => {
    const id = await create(1, { IN: 5, OUT: 6 });
    await cloud.converge(['node1']);
    expect(await shown(id)).toBe('ACTIVE');
    expect((await remove(id)).status).toBe(204);
    expect((await remove(id)).status).toBe(204);
    await cloud.settle();
    expect(await shown(id)).toBe('PENDING_DELETE waiting for node1 to confirm removal');
    expect((await cloud.nodeRecords()).get(at('node1', id))?.json['removed']).toBe(true);
    const clash = await server.as(acme)('POST', mirrors, {
      tap_mirror: { port_id: portId(2), mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { IN: 5 } },
    });
    expect(clash.body.NeutronError.type).toBe('TapMirrorTunnelConflict');
    await cloud.converge(['node1']);
    expect(await shown(id)).toBe('gone');
    expect([await tunnelIds(), await published(), (await cloud.read(prefixes.portRoles)).size]).toEqual([[], [], 0]);
    await create(2, { IN: 5 });
  });

  it('goes with its port at once for the API, and gives its ids back later; a silent node holds them', async () => {
    const id = await create(1, { IN: 5 });
    const published2 = await create(2, { IN: 6 });
    await cloud.converge(['node1']);
    const deps = { store: server.store, live: server.live, writes: new OwnWrites(), catchUpMs: 5_000 };
    await removeTapsOfPort(deps, portId(1));
    expect(await shown(id)).toBe('gone');
    await cloud.settle();
    expect((await tunnelIds()).sort()).toEqual([5, 6]);
    await cloud.delete(keys.agent('node1'));
    await cloud.settle();
    expect((await remove(published2)).status).toBe(204);
    await cloud.settle();
    expect(await shown(published2)).toBe('gone');
    expect((await tunnelIds()).sort()).toEqual([5, 6]);
    await cloud.agent('node1');
    await cloud.converge(['node1']);
    expect([await tunnelIds(), await published()]).toEqual([[], []]);
  });

  describe('follows its port', () => {
    const removedAt = async (node: string, id: string) =>
      (await cloud.nodeRecords()).get(at(node, id))?.json['removed'];

    async function leaving(): Promise<string> {
      const id = await create(1, { IN: 5 });
      await cloud.converge(['node1', 'node2']);
      const before = (await cloud.nodeRecords()).get(at('node1', id));
      await cloud.unbind('node1', portId(1));
      await cloud.settle();
      expect(await shown(id)).toBe(`PENDING_CREATE port ${portId(1)} is not bound to a node`);
      await cloud.bind('node2', portId(1), acme);
      await cloud.settle();
      const records = await cloud.nodeRecords();
      expect(records.get(at('node1', id))?.kv).toEqual(before?.kv);
      expect(records.get(at('node2', id))?.json['local']).toBe('10.0.0.2');
      expect(await shown(id)).toBe('PENDING_CREATE waiting for node node2');
      return id;
    }

    it('and its old node lets go when the new one has it, whose truth its status tells', async () => {
      const id = await leaving();
      await report('node2', id, 'PENDING', 'the port is not on this node yet');
      await cloud.settle();
      expect(await removedAt('node1', id)).toBeUndefined();
      expect(await shown(id)).toBe('PENDING_CREATE the port is not on this node yet');
      await report('node2', id, 'ACTIVE');
      await cloud.settle();
      expect(await removedAt('node1', id)).toBe(true);
      expect(await shown(id)).toBe('ACTIVE');
      await cloud.converge(['node1', 'node2']);
      expect(await published()).toEqual([at('node2', id)]);
    });

    it.each<readonly [what: string, happens: (id: string) => Promise<unknown>]>([
      ['the port is gone there', (id) => report('node1', id, 'PENDING', 'the port is not on this node yet')],
      ['its agent is gone', () => cloud.delete(keys.agent('node1'))],
      ['the new one has failed', (id) => report('node2', id, 'ERROR', 'VPP refuses')],
      ['the new one has no agent', () => cloud.delete(keys.agent('node2'))],
      ['the new one has no way out', () => cloud.agent('node2', { tunnel_address: null })],
      ['the port is another project’s', () => cloud.bind('node2', portId(1), umbrella)],
      ['the mirror is deleted', (id) => remove(id)],
    ])('and its old node lets go at once when %s', async (_what, happens) => {
      const id = await leaving();
      await happens(id);
      await cloud.settle();
      expect(await removedAt('node1', id)).toBe(true);
    });
  });

  it('makes its port a source: it can have mirrors and flows, and no tap service', async () => {
    const first = await create(1, { IN: 5 });
    await create(1, { OUT: 6 });
    const service = async (port: number) =>
      server.as(acme)('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(port) } });
    expect((await service(1)).body.NeutronError).toMatchObject({
      type: 'TapServicePortIsSource',
      message: expect.stringContaining(`it is the source of tap mirror`),
    });
    const made = await service(2);
    const flow = { tap_service_id: made.body.tap_service.id, source_port: portId(1), direction: 'IN' };
    expect((await server.as(acme)('POST', '/v2.0/taas/tap_flows', { tap_flow: flow })).status).toBe(201);
    const refused = await server.as(acme)('POST', mirrors, {
      tap_mirror: { port_id: portId(2), mirror_type: 'gre', remote_ip: '198.51.100.9', directions: { IN: 9 } },
    });
    expect(refused.body.NeutronError.type).toBe('TapSourceIsCollector');
    await cloud.converge(['node1']);
    expect(await shown(first)).toBe('ACTIVE');
  });

  it('of a port that turns out to be another project’s is taken away', async () => {
    const id = await create(1, { IN: 5 });
    await cloud.converge(['node1']);
    await cloud.bind('node1', portId(1), umbrella);
    await cloud.settle();
    expect(await shown(id)).toBe(`ERROR port ${portId(1)} belongs to another project`);
    expect((await cloud.nodeRecords()).get(at('node1', id))?.json['removed']).toBe(true);
  });

  it('whose record is malformed stays as it is on its node, and holds its port', async () => {
    const id = await create(1, { IN: 5 });
    const other = await create(3, { IN: 7 });
    await cloud.converge(['node1']);
    await cloud.put(keys.resource('tap_mirrors', id), '{');
    await cloud.settle();
    expect((await published()).sort()).toEqual([at('node1', id), at('node1', other)].sort());
    expect((await cloud.nodeRecords()).get(at('node1', id))?.json['removed']).toBeUndefined();
    expect((await cloud.read(prefixes.portRoles)).has(keys.portRole(portId(1)))).toBe(true);
    expect(await shown(other)).toBe('ACTIVE');
  });

  it("whose node's record was spoilt by others is told again", async () => {
    const id = await create(1, { IN: 5 });
    await cloud.converge(['node1']);
    await cloud.put(at('node1', id), '[]');
    await cloud.converge(['node1']);
    expect((await cloud.nodeRecords()).get(at('node1', id))?.json['remote']).toBe('198.51.100.9');
    expect(await shown(id)).toBe('ACTIVE');
  });

  it('ends as it should whatever happens to it, and no id is free while a node may send by it', async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('create' as const),
        port: fc.integer({ min: 1, max: 3 }),
        id: fc.integer({ min: 1, max: 4 }),
      }),
      fc.record({ do: fc.constant('delete' as const), nth: fc.nat(4) }),
      fc.record({
        do: fc.constant('move' as const),
        port: fc.integer({ min: 1, max: 3 }),
        node: fc.constantFrom('node1', 'node2'),
      }),
      fc.record({ do: fc.constant('report' as const), node: fc.constantFrom('node1', 'node2') }),
      fc.record({ do: fc.constant('silence' as const), node: fc.constantFrom('node1', 'node2') }),
      fc.record({ do: fc.constant('settle' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const world = new TestCloud();
        try {
          for (const node of ['node1', 'node2']) await world.agent(node);
          for (const n of [1, 2, 3]) await world.bind('node1', portId(n), acme);
          const replica = await world.replica();
          await world.lead(replica);
          const ask = replica.as(acme);
          const made: string[] = [];
          for (const each of steps) {
            if (each.do === 'create') {
              const wish = { port_id: portId(each.port), mirror_type: 'gre', remote_ip: '198.51.100.9' };
              const reply = await ask('POST', mirrors, { tap_mirror: { ...wish, directions: { IN: each.id } } });
              if (reply.status === 201) made.push(reply.body.tap_mirror.id);
            } else if (each.do === 'delete') await ask('DELETE', `${mirrors}/${made[each.nth] ?? made[0]}`);
            else if (each.do === 'move') {
              for (const node of ['node1', 'node2']) await world.unbind(node, portId(each.port));
              await world.bind(each.node, portId(each.port), acme);
            } else if (each.do === 'report') await world.report(each.node);
            else if (each.do === 'silence') await world.delete(keys.agent(each.node));
            else await world.settle();
            await world.caughtUp();
            const held = [...(await world.read(prefixes.tunnelIds)).values()].map(({ json }) => json['tap_mirror_id']);
            for (const { json } of (await world.nodeRecords()).values()) expect(held).toContain(json['id']);
          }
          for (const node of ['node1', 'node2']) await world.agent(node);
          await world.converge(['node1', 'node2']);
          const listed = (await ask('GET', mirrors)).body.tap_mirrors;
          expect(listed.map(({ status }) => status)).toEqual(listed.map(() => 'ACTIVE'));
          const ids = listed.map(({ id }) => id).sort();
          const records = [...(await world.nodeRecords()).values()].map(({ json }) => json['id']);
          expect(records.sort()).toEqual(ids);
          expect((await world.read(prefixes.tunnelIds)).size).toBe(ids.length);
        } finally {
          await world.stop();
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
