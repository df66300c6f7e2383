import type { TokenPort } from '@taas/lab';
import {
  agentCodec,
  keys,
  nodeTapServiceCodec,
  portRoleCodec,
  prefixes,
  type TapServiceRecord,
  tapServiceCodec,
} from '@taas/model';
import { afterEach, describe, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

// Item 2: B copies a port of A's, of which nobody says whose it is.

let stack: Stack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});
const begin = async (...args: Parameters<typeof Stack.start>): Promise<Stack> => {
  stack = await Stack.start(...args);
  return stack;
};

const [portOfA, portOfB, ownerless] = [uuid(1), uuid(2), uuid(3)];
const ports = () =>
  new Map<string, TokenPort>([
    [portOfA, { project: 'a', host: 'node-1' }],
    [portOfB, { project: 'b', host: 'node-1' }],
    [ownerless, { project: '', host: 'node-1' }],
  ]);
const services = '/v2.0/taas/tap_services';
const asking = (port: string, more: object = {}) => ({ tap_service: { port_id: port, ...more } });

/** networking-vpp's key of a port, which names no project, and a node with an agent. */
async function bound(on: Stack, port: string): Promise<void> {
  await on.put(keys.boundPort('node-1', port), '{"mtu": 1500}');
  const agent = { v: 1, node: 'node-1', agent_version: '0', vpp_version: '26.06' } as const;
  await on.put(
    keys.agent('node-1'),
    agentCodec.format({ ...agent, tunnel_address: '192.0.2.1', physnets: [], capabilities: [] }),
  );
}

/** What node-1 is told of a tap service, and not to take it away. */
async function published(on: Stack, id: string): Promise<boolean> {
  const entry = await on.store.get(keys.nodeResource('node-1', 'tap_services', id));
  return entry !== undefined && nodeTapServiceCodec.parse(entry.key, entry.value).removed !== true;
}

const record = (n: number, project: string, port: string): TapServiceRecord => ({
  ...{ v: 1, id: uuid(n), project_id: project, name: '', description: '', created_at: 1, port_id: port },
});

/** A tap service that no server has let in, and the role of its port. */
async function byOtherHands(on: Stack, n: number, project: string, port: string, owner?: string): Promise<string> {
  const { id, ...rest } = record(n, project, port);
  const role = portRoleCodec.format({ v: 1, role: 'collector', ...(owner === undefined ? {} : { project_id: owner }) });
  await on.store.transact({
    compare: [],
    operations: [
      { kind: 'put', key: keys.portRole(port), value: role },
      { kind: 'put', key: keys.resource('tap_services', id), value: tapServiceCodec.format({ id, ...rest }) },
    ],
  });
  return id;
}

describe('whose port it is', () => {
  it('must be known by somebody: a server without a Neutron does not start', async () => {
    const started = begin({ config: { neutron: { url: '' }, networking_vpp: { bindings: 'etcd-v3' } } });
    await expect(started).rejects.toThrow(/option \\?"neutron.url\\?": auth.mode keystone needs it/);
  });

  it('is not asked in development mode: the control, in which B taps the port', async () => {
    const config = { auth: { mode: 'development' }, neutron: {}, networking_vpp: { bindings: 'etcd-v3' } };
    const on = await begin({ config });
    await bound(on, portOfA);
    const made = await on.call('', 'POST', services, asking(portOfA), { 'x-project-id': 'b' });
    expect(made.status).toBe(201);
    const [entry] = (await on.store.list(prefixes.tapServices)).entries;
    const id = entry?.key.slice(prefixes.tapServices.length) ?? '';
    await on.until('the node is told', () => published(on, id));
  });

  it.each(['neutron', 'etcd-v3'])('is asked of Neutron, with bindings from %s', async (bindings) => {
    const on = await begin({ ports: ports(), config: { networking_vpp: { bindings } } });
    for (const port of [portOfA, portOfB, ownerless]) await bound(on, port);
    const create = async (token: string, body: object) => (await on.call(token, 'POST', services, body)).status;
    expect(await create('tok-b-member', asking(portOfA))).toBe(404);
    expect(await create('tok-ops-admin', asking(portOfA, { project_id: 'b' }))).toBe(403);
    // Of a port that Neutron says to be nobody's, nobody gets copies: an empty project is no project in common.
    expect(await create('tok-ops-admin', asking(ownerless))).toBe(403);
    expect(await create('tok-ops-admin', asking(ownerless, { project_id: 'b' }))).toBe(403);
    expect((await on.store.list(prefixes.tapServices)).entries).toEqual([]);
    expect(await create('tok-b-member', asking(portOfB))).toBe(201);
    const [made] = (await on.store.list(prefixes.tapServices)).entries;
    await on.until('the node is told', () => published(on, made?.key.slice(prefixes.tapServices.length) ?? ''));
  });

  it('is looked at again before a node is told of what no server has let in', async () => {
    const on = await begin({ ports: ports(), config: { networking_vpp: { bindings: 'etcd-v3' } } });
    for (const port of [portOfA, portOfB, ownerless]) await bound(on, port);
    const foreign = await byOtherHands(on, 11, 'b', portOfA);
    const nobodys = await byOtherHands(on, 12, 'b', ownerless);
    const own = await byOtherHands(on, 13, 'b', portOfB);
    await on.until('the node is told of what is B’s', () => published(on, own));
    const shown = async (id: string) =>
      (await on.call('tok-ops-admin', 'GET', `${services}/${id}`)).json?.['tap_service'] as unknown as object;
    await on.until('the server knows whose the port is', async () =>
      JSON.stringify(await shown(foreign)).includes('belongs to another project'),
    );
    expect(await shown(nobodys)).toMatchObject({
      status_reason: `Neutron has not told yet whose port ${ownerless} is`,
    });
    expect([await published(on, foreign), await published(on, nobodys)]).toEqual([false, false]);
    // The control: were Neutron's word not asked for, what the record says would do.
    const believed = await byOtherHands(on, 14, 'b', uuid(4), 'b');
    await bound(on, uuid(4));
    await on.until('the node is told of what is believed', () => published(on, believed));
  });

  it('that changes takes the tap off its node', async () => {
    const all = ports();
    const on = await begin({ ports: all, config: { networking_vpp: { bindings: 'etcd-v3' } } });
    await bound(on, portOfB);
    expect((await on.call('tok-b-member', 'POST', services, asking(portOfB))).status).toBe(201);
    const [made] = (await on.store.list(prefixes.tapServices)).entries;
    const id = made?.key.slice(prefixes.tapServices.length) ?? '';
    await on.until('the node is told', () => published(on, id));
    all.set(portOfB, { project: 'a', host: 'node-1' });
    await on.until('the node is to take it away', async () => !(await published(on, id)));
    expect((await on.store.get(keys.resource('tap_services', id)))?.value).not.toContain('deleting');
  });
});
