import { keys, portRoleCodec, type TapServiceRecord, tapServiceCodec } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const nodes = ['node1', 'node2'];
const services = '/v2.0/taas/tap_services';
let cloud: TestCloud;
let server: Replica;

beforeEach(async () => {
  cloud = new TestCloud();
  for (const node of nodes) await cloud.agent(node);
  server = await cloud.replica({ owners: 'always' });
  await cloud.lead(server);
});
afterEach(() => cloud.stop());

/** Of a port that has its tap already: the leader takes a role away that nothing uses. */
const role = (port: number, project?: string) =>
  cloud.put(
    keys.portRole(portId(port)),
    portRoleCodec.format({ v: 1, role: 'collector', ...(project === undefined ? {} : { project_id: project }) }),
  );
/** A tap service of acme's that no server has let in. */
async function service(n: number, port: number): Promise<string> {
  const record: TapServiceRecord = {
    ...{ v: 1, id: portId(n), project_id: acme, name: '', description: '', created_at: 1, port_id: portId(port) },
  };
  await cloud.put(keys.resource('tap_services', record.id), tapServiceCodec.format(record));
  return record.id;
}
/** The nodes that are told of it, and not to take it away. */
async function published(id: string): Promise<readonly string[]> {
  await cloud.settle();
  const records = await cloud.nodeRecords();
  return nodes.filter((node) => {
    const record = records.get(keys.nodeResource(node, 'tap_services', id));
    return record !== undefined && record.json['removed'] !== true;
  });
}
const reason = async (id: string) =>
  (await server.as(acme)('GET', `${services}/${id}`)).body.tap_service.status_reason as string;

describe('a tap on a port of which nobody has said whose it is', () => {
  it('is told to no node until somebody has', async () => {
    await cloud.bind('node1', portId(1));
    await role(1);
    const id = await service(9, 1);
    expect(await published(id)).toEqual([]);
    expect(await reason(id)).toBe(`Neutron has not told yet whose port ${portId(1)} is`);
    await role(1, acme);
    expect(await published(id)).toEqual(['node1']);
  });

  it('is not proved by what a binding says, which can only deny', async () => {
    await cloud.bind('node1', portId(1), acme);
    await role(1);
    const id = await service(9, 1);
    expect(await published(id)).toEqual([]);
    await role(1, acme);
    await cloud.bind('node1', portId(1), umbrella);
    expect(await published(id)).toEqual([]);
    expect(await reason(id)).toContain('belongs to another project');
  });

  it('stays where it stands, and goes nowhere else, if that was known before', async () => {
    await cloud.bind('node1', portId(1));
    const id = await service(9, 1);
    await role(1, acme);
    expect(await published(id)).toEqual(['node1']);
    await role(1);
    expect(await published(id)).toEqual(['node1']);
    await cloud.unbind('node1', portId(1));
    await cloud.bind('node2', portId(1));
    expect(await published(id)).not.toContain('node2');
    await role(1, acme);
    await cloud.converge(nodes);
    expect(await published(id)).toEqual(['node2']);
  });

  it('is let in by the API only if that is known, and then it is written down', async () => {
    await cloud.bind('node1', portId(1), acme);
    await cloud.bind('node1', portId(2));
    const create = (port: number) => server.as(acme)('POST', services, { tap_service: { port_id: portId(port) } });
    expect((await create(1)).status).toBe(201);
    expect((await cloud.store.get(keys.portRole(portId(1))))?.value).toContain(`"project_id":"${acme}"`);
    // Bound, and nobody says whose; and not heard of at all.
    expect((await create(2)).status).toBe(404);
    expect((await create(3)).status).toBe(404);
    const admin = server.as(acme, 'admin');
    expect((await admin('POST', services, { tap_service: { port_id: portId(2) } })).status).toBe(403);
  });
});

it('a tap whose port has become another project’s is taken off its node, and stays the user’s', async () => {
  await cloud.bind('node1', portId(1));
  const id = await service(9, 1);
  await role(1, acme);
  expect(await published(id)).toEqual(['node1']);
  await role(1, umbrella);
  expect(await published(id)).toEqual([]);
  expect(await reason(id)).toContain('belongs to another project');
});
