import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

let cloud: TestCloud;
let server: Replica;
const url = '/v2.0/taas/nodes';

beforeEach(async () => {
  cloud = new TestCloud();
  for (let n = 1; n <= 2; n++) await cloud.bind('node1', portId(n), acme);
  const budget = { flow: { max_kbps: 1000 }, node: {} };
  const facts = { uplinks: [], certificates: [], buffers: { all: 16_384, peak_tenths: 2 }, budget };
  await cloud.agent('node1', { facts });
  await cloud.agent('node2', { vpp_version: null });
  server = await cloud.replica();
  await cloud.lead(server);
});
afterEach(() => cloud.stop());

interface NodeInTest {
  readonly node: string;
}
const root = (path = url, method = 'GET') =>
  server.request(method, path, undefined, { 'x-project-id': 'ops', 'x-roles': 'admin' });
const listed = async (path?: string) =>
  (await root(path)).body as unknown as {
    readonly nodes: readonly NodeInTest[];
    readonly nodes_links?: readonly { readonly href: string }[];
  };

describe('the nodes', () => {
  it('are told to administrators, with what their agents tell and what is wrong there', async () => {
    const { nodes } = await listed();
    expect(nodes).toMatchObject([
      {
        ...{ node: 'node1', agent: 'there', taps: { told: 0, active: 0 }, problems: [] },
        ...{ buffers: { all: 16_384, peak_tenths: 2 }, budget: { flow: { max_kbps: 1000 }, node: {} } },
      },
      {
        ...{ node: 'node2', vpp_version: null, buffers: null, budget: null, uplinks: null },
        problems: [{ about: 'vpp', problem: 'the agent is not connected to VPP' }],
        untold: expect.arrayContaining(['uplinks', 'counters']),
      },
    ]);
  });

  it('count their taps, as they tell of them', async () => {
    const alice = server.as(acme);
    const { body } = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(1) } });
    const tap_flow = { tap_service_id: body.tap_service.id, source_port: portId(2), direction: 'IN' };
    expect((await alice('POST', '/v2.0/taas/tap_flows', { tap_flow })).status).toBe(201);
    await cloud.converge(['node1']);
    await expect.poll(async () => (await listed()).nodes[0]).toMatchObject({ taps: { told: 2, active: 2 } });
  });

  it('are not told to anybody else, whose asking the trail would have', async () => {
    for (const headers of [
      { 'x-project-id': acme, 'x-roles': 'member' },
      { 'x-project-id': umbrella, 'x-roles': 'manager,reader' },
    ]) {
      const { status, body } = await server.request('GET', url, undefined, headers);
      expect([status, body.NeutronError.message]).toEqual([403, 'rule:get_taas_nodes is disallowed by policy']);
    }
  });

  it('come in pages, each once', async () => {
    for (const n of [3, 4, 5]) await cloud.agent(`node${n}`);
    await expect.poll(async () => (await listed()).nodes).toHaveLength(5);
    const seen: string[] = [];
    for (let path: string | undefined = `${url}?limit=2`; path !== undefined; ) {
      const { nodes, nodes_links: links = [] } = await listed(path);
      expect(nodes.length).toBeLessThanOrEqual(2);
      seen.push(...nodes.map(({ node }) => node));
      const href = links[0]?.href;
      path = href === undefined ? undefined : href.slice(href.indexOf('/v2.0'));
    }
    expect(seen).toEqual(['node1', 'node2', 'node3', 'node4', 'node5']);
  });

  it('whose record cannot be read is there all the same', async () => {
    await cloud.put(keys.agent('node2'), '{"v": 1, "node": 5}');
    await expect
      .poll(async () => (await listed()).nodes[1])
      .toMatchObject({ node: 'node2', agent: 'unreadable', problems: [{ about: 'record' }] });
  });

  it.each([`${url}?status=x`, `${url}?limit=0`, `${url}?limit=99999`])('refuse %s', async (path) =>
    expect((await root(path)).status).toBe(400),
  );

  it('cannot be changed, and there is nothing below them', async () => {
    expect((await root(url, 'POST')).status).toBe(405);
    expect((await root(`${url}/node1`)).status).toBe(404);
  });
});
