import { keys, type PortBindingRecord, portRoleCodec, prefixes } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Slices } from '../slices/slices.js';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';
import { missingChanges } from '../view/missing-changes.suite.js';
import type { BindingsFrom } from './bindings-from.js';
import { FakeNeutron, FakeV2 } from './fake-bindings.suite.js';
import { PortKeeper } from './port-keeper.js';

const nodes = ['node1', 'node2', 'node3'];
const services = '/v2.0/taas/tap_services';
const flows = '/v2.0/taas/tap_flows';

let cloud: TestCloud;
let server: Replica;
let terms: { readonly stop: AbortController; readonly done: Promise<void> }[];

beforeEach(async () => {
  terms = [];
  cloud = new TestCloud();
  for (const node of nodes) await cloud.agent(node);
  server = await cloud.replica({ placesFrom: 'records' });
});
afterEach(async () => {
  await endTerms();
  await cloud.stop();
});

/** Makes the compiler and a keeper lead, as a server does. */
async function lead(bindings: BindingsFrom, neutron: FakeNeutron | null = null, pollMs = 20): Promise<void> {
  await endTerms();
  await cloud.lead(server);
  const leader = await cloud.store.get(keys.leader);
  const keeper = new PortKeeper({
    ...{ store: server.store, live: server.live, bindings, clock: systemClock, random: () => 0, logger: silentLogger },
    ...{ catchUpMs: 5_000, portDeleted: () => undefined, slices: new Slices({ clock: systemClock }) },
    neutron: neutron && { client: neutron.client, pollMs },
  });
  const stop = new AbortController();
  const fence = { kind: 'mod-revision', key: keys.leader, revision: leader?.modRevision ?? 0 } as const;
  terms.push({ stop, done: keeper.lead({ signal: stop.signal, fence }) });
}

async function endTerms(): Promise<void> {
  for (const { stop, done } of terms.splice(0)) {
    stop.abort();
    await done;
  }
}

async function tap(collector: number, source: number): Promise<{ service: string; flow: string }> {
  const ask = server.as(acme);
  const made = await ask('POST', services, { tap_service: { port_id: portId(collector) } });
  const body = { tap_service_id: made.body.tap_service.id, source_port: portId(source), direction: 'IN' };
  const flow = await ask('POST', flows, { tap_flow: body });
  return { service: made.body.tap_service.id, flow: flow.body.tap_flow.id };
}

/** Waits until agents, compiler and keeper have brought something about. */
const comes = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(
    async () => {
      for (const node of nodes) await cloud.report(node);
      await check();
    },
    { timeout: 10_000, interval: 10 },
  );

const shown = async (path: string) => {
  const { body } = await server.as(acme)('GET', path);
  const { status, status_reason: reason } = body.tap_flow ?? body.tap_service ?? {};
  return { status, reason };
};
const active = (flow: string) => async () =>
  expect(await shown(`${flows}/${flow}`)).toEqual({ status: 'ACTIVE', reason: '' });
/** The nodes that are told of a flow or a service, and not to take it away. */
const publishedOf = async (kind: 'tap_flows' | 'tap_services', id: string): Promise<readonly string[]> => {
  const published = await cloud.nodeRecords();
  return nodes.filter((node) => {
    const record = published.get(keys.nodeResource(node, kind, id))?.json;
    return record !== undefined && record['removed'] !== true;
  });
};
const record = async (port: number) =>
  (await cloud.read(prefixes.portBindings)).get(keys.portBinding(portId(port)))?.json as PortBindingRecord | undefined;

describe("bindings from networking-vpp's keys in the v2 store", () => {
  let v2: FakeV2;
  beforeEach(async () => {
    v2 = new FakeV2();
    for (const n of [1, 2, 3]) v2.put(`node${n}`, n);
    v2.put('node3', 4);
    await lead({ from: 'etcd-v2', follower: v2 });
  });

  it("a trunk's subports are bound where its port is, as long as they are its subports", async () => {
    v2.trunk('node3', 4, [11, 12]);
    const { flow } = await tap(1, 12);
    await comes(active(flow));
    expect(await publishedOf('tap_flows', flow)).toEqual(['node3']);
    v2.trunk('node3', 4, [11]);
    await comes(async () =>
      expect((await shown(`${flows}/${flow}`)).reason).toBe(`port ${portId(12)} is not bound to a node`),
    );
    v2.trunk('node2', 2, [12]);
    await comes(active(flow));
    expect(await publishedOf('tap_flows', flow)).toEqual(['node2']);
  });

  it('the tap follows its source, whether the new key comes before the old one goes or after', async () => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    expect(await publishedOf('tap_flows', flow)).toEqual(['node2']);
    v2.put('node3', 2);
    await comes(async () => expect(await publishedOf('tap_flows', flow)).toEqual(['node3']));
    v2.remove('node2', 2);
    await comes(active(flow));
    v2.remove('node3', 2);
    await comes(async () =>
      expect(await shown(`${flows}/${flow}`)).toEqual({
        ...{ status: 'PENDING_CREATE', reason: `port ${portId(2)} is not bound to a node` },
      }),
    );
    v2.put('node2', 2);
    await comes(active(flow));
    expect(await publishedOf('tap_flows', flow)).toEqual(['node2']);
  });

  it('the tap follows its collector', async () => {
    const { service, flow } = await tap(1, 2);
    await comes(active(flow));
    v2.remove('node1', 1);
    v2.put('node3', 1);
    await comes(async () => expect(await publishedOf('tap_services', service)).toEqual(['node3']));
    await comes(active(flow));
  });

  it('is written of ports whose taps came while the leader saw no event', async () => {
    const { store, miss } = missingChanges(cloud.store.client());
    const api = server;
    server = await cloud.replica({ placesFrom: 'records', store });
    await lead({ from: 'etcd-v2', follower: v2 });
    await tap(1, 2);
    await comes(async () => expect(await record(2)).toBeDefined());
    server = api;
    miss();
    const { flow } = await tap(1, 3);
    store.breakFollowers();
    await comes(active(flow));
    expect(await record(3)).toMatchObject({ node: 'node3' });
  });

  it('only ports with taps have a record, which goes with the last tap', async () => {
    const { service, flow } = await tap(1, 2);
    await comes(active(flow));
    expect(await record(1)).toEqual({ v: 1, node: 'node1', reason: '', project_id: null });
    expect((await cloud.read(prefixes.portBindings)).size).toBe(2);
    await server.as(acme)('DELETE', `${flows}/${flow}`);
    await comes(async () => expect(await record(2)).toBeUndefined());
    await server.as(acme)('DELETE', `${services}/${service}`);
    await comes(async () => expect((await cloud.read(prefixes.portBindings)).size).toBe(0));
  });

  it('a malformed key hurts its own port alone, and not if there is a good one', async () => {
    const [bad, good] = [await tap(1, 2), await tap(1, 3)];
    await comes(active(bad.flow));
    v2.put('node2', 2, '[]');
    await comes(async () =>
      expect((await shown(`${flows}/${bad.flow}`)).reason).toBe(
        `the binding of port ${portId(2)} in etcd is malformed`,
      ),
    );
    await comes(active(good.flow));
    v2.put('node3', 2);
    await comes(active(bad.flow));
  });

  it('while they are out of sight taps stand, new ones wait, and deleted ones go; then what was missed is made up', async () => {
    const [stays, goes] = [await tap(1, 2), await tap(4, 2)];
    for (const { flow } of [stays, goes]) await comes(active(flow));
    v2.lose();
    v2.remove('node2', 2);
    const late = await tap(1, 3);
    await server.as(acme)('DELETE', `${flows}/${goes.flow}`);
    await comes(async () => expect((await server.as(acme)('GET', `${flows}/${goes.flow}`)).status).toBe(404));
    await active(stays.flow)();
    v2.put('node3', 2);
    await lead({ from: 'etcd-v2', follower: v2 });
    await cloud.settle();
    expect(await publishedOf('tap_flows', stays.flow)).toEqual(['node2']);
    v2.heal();
    await comes(async () => expect(await publishedOf('tap_flows', stays.flow)).toEqual(['node3']));
    await comes(active(late.flow));
  });

  it('records that are lost are no bindings that are lost', async () => {
    const { service, flow } = await tap(1, 2);
    await comes(active(flow));
    await endTerms();
    v2.lose();
    for (const port of [1, 2]) await cloud.delete(keys.portBinding(portId(port)));
    const before = await cloud.nodeRecords();
    await lead({ from: 'etcd-v2', follower: v2 });
    await cloud.settle();
    expect(await cloud.nodeRecords()).toEqual(before);
    await active(flow)();
    // And what a user deletes goes all the same.
    await server.as(acme)('DELETE', `${flows}/${flow}`);
    await server.as(acme)('DELETE', `${services}/${service}`);
    await comes(async () => expect((await cloud.nodeRecords()).size).toBe(0));
  });

  it("the v3 store's keys of ports say nothing then", async () => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    await cloud.bind('node3', portId(2));
    await cloud.settle();
    expect(await publishedOf('tap_flows', flow)).toEqual(['node2']);
  });

  it('records are not wanted any more when the keys are in our own etcd', async () => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    for (const n of [1, 2]) await cloud.bind(`node${n}`, portId(n));
    await endTerms();
    server = await cloud.replica();
    await lead({ from: 'etcd-v3' });
    await comes(async () => expect((await cloud.read(prefixes.portBindings)).size).toBe(0));
    await comes(active(flow));
  });
});

describe("a port whose key of networking-vpp's goes, long before the next regular poll of Neutron", () => {
  let v2: FakeV2;
  let neutron: FakeNeutron;
  beforeEach(async () => {
    v2 = new FakeV2();
    neutron = new FakeNeutron();
    for (const n of [1, 2, 3]) {
      v2.put(`node${n}`, n);
      neutron.bind(n, `node${n}`);
    }
    await lead({ from: 'etcd-v2', follower: v2 }, neutron, 3_600_000);
  });

  it.each([
    ['source', 2],
    ['collector', 1],
  ])('is asked about, and its taps go with it if it is gone: a %s', async (_role, port) => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    neutron.ports.delete(portId(port));
    v2.remove(`node${port}`, port);
    await comes(async () => expect((await server.as(acme)('GET', `${flows}/${flow}`)).status).toBe(404));
    await comes(async () => expect(await publishedOf('tap_flows', flow)).toEqual([]));
  });

  it('keeps its taps if it is there, and if Neutron does not say', async () => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    const asked = neutron.requests;
    v2.remove('node2', 2);
    await comes(async () => expect(neutron.requests).toBeGreaterThan(asked));
    expect((await shown(`${flows}/${flow}`)).status).toBe('PENDING_CREATE');
    v2.put('node2', 2);
    await comes(active(flow));
    neutron.up = false;
    const before = neutron.requests;
    v2.remove('node2', 2);
    await comes(async () => expect(neutron.requests).toBeGreaterThan(before));
    await cloud.settle();
    expect((await shown(`${flows}/${flow}`)).status).toBe('PENDING_CREATE');
  });
});

describe('bindings from Neutron', () => {
  let neutron: FakeNeutron;
  beforeEach(async () => {
    neutron = new FakeNeutron();
    for (const n of [1, 2, 3]) neutron.bind(n, `node${n}`);
    await lead({ from: 'neutron' }, neutron);
  });

  it('the tap follows its ports', async () => {
    const { service, flow } = await tap(1, 2);
    await comes(active(flow));
    expect(await record(2)).toEqual({ v: 1, node: 'node2', reason: '', project_id: acme });
    neutron.bind(2, 'node3');
    await comes(async () => expect(await publishedOf('tap_flows', flow)).toEqual(['node3']));
    neutron.bind(1, 'node2');
    await comes(async () => expect(await publishedOf('tap_services', service)).toEqual(['node2']));
    await comes(active(flow));
  });

  it.each([
    ['', 'unbound', `port ${portId(2)} is not bound to a node`],
    ['node2', 'unbound', `port ${portId(2)} is not bound to a node`],
    ['node2', 'binding_failed', `Neutron could not bind port ${portId(2)} on node2`],
    ['../node2', 'vhostuser', `port ${portId(2)} is bound on "../node2", which is no node's name`],
  ])('a port on "%s" with %s is on no node, with the reason', async (host, vif, reason) => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    neutron.bind(2, host, vif);
    await comes(async () => expect(await shown(`${flows}/${flow}`)).toEqual({ status: 'PENDING_CREATE', reason }));
    await comes(async () => expect(await publishedOf('tap_flows', flow)).toEqual([]));
  });

  it('Neutron down, and a leader that has never seen it: taps stand, nothing is deleted', async () => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    const before = await cloud.nodeRecords();
    neutron.up = false;
    neutron.ports.clear();
    await lead({ from: 'neutron' }, neutron);
    const asked = neutron.requests;
    await comes(async () => expect(neutron.requests).toBeGreaterThan(asked + 3));
    await cloud.settle();
    expect(await cloud.nodeRecords()).toEqual(before);
    expect(await record(2)).toBeDefined();
  });

  it('a service user without the right to see bindings changes nothing', async () => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    const { id } = neutron.ports.get(portId(2)) ?? {};
    neutron.ports.set(portId(2), { id, project_id: acme, network_id: 'n' });
    const asked = neutron.requests;
    await comes(async () => expect(neutron.requests).toBeGreaterThan(asked + 3));
    await active(flow)();
  });

  it('a port of another project is not wired, whoever wrote the tap', async () => {
    neutron.bind(2, 'node2', 'vhostuser', umbrella);
    const { flow } = await tap(1, 2);
    await comes(async () =>
      expect((await shown(`${flows}/${flow}`)).reason).toBe(`port ${portId(2)} belongs to another project`),
    );
  });

  it('a deleted port takes its taps along, and its record', async () => {
    const { flow } = await tap(1, 2);
    await comes(active(flow));
    neutron.ports.delete(portId(2));
    await comes(async () => expect((await server.as(acme)('GET', `${flows}/${flow}`)).status).toBe(404));
    await comes(async () => expect(await record(2)).toBeUndefined());
  });
});

describe('whose a port is', () => {
  const ownerOf = async (port: number) => {
    const entry = await cloud.store.get(keys.portRole(portId(port)));
    return entry && portRoleCodec.parse(entry.key, entry.value).project_id;
  };

  it.each([
    ['etcd-v2', (): BindingsFrom => ({ from: 'etcd-v2', follower: new FakeV2() })],
    ['etcd-v3', (): BindingsFrom => ({ from: 'etcd-v3' })],
    ['neutron', (): BindingsFrom => ({ from: 'neutron' })],
  ])('is asked of Neutron and written down, wherever bindings come from: %s', async (_from, bindings) => {
    const neutron = new FakeNeutron();
    for (const port of [1, 2]) neutron.bind(port, 'node1');
    neutron.bind(3, 'node1', 'vhostuser', '');
    await tap(1, 2);
    await tap(1, 3);
    expect(await ownerOf(1)).toBeUndefined();
    await lead(bindings(), neutron);
    await comes(async () => expect([await ownerOf(1), await ownerOf(2)]).toEqual([acme, acme]));
    neutron.bind(2, 'node1', 'vhostuser', umbrella);
    await comes(async () => expect(await ownerOf(2)).toBe(umbrella));
    // Whose a port is that Neutron says to be nobody's nobody knows.
    expect(await ownerOf(3)).toBeUndefined();
    // A tap that was made by a server of before, or somebody's slip, is no harm for long.
    await cloud.put(keys.portRole(portId(1)), JSON.stringify({ v: 1, role: 'collector' }));
    await comes(async () => expect(await ownerOf(1)).toBe(acme));
  });
});
