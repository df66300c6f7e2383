import { keys, portBindingCodec } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';

const path = '/v2.0/taas/tapped_ports';
let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;
let bob: ReturnType<Replica['as']>;
let admin: ReturnType<Replica['as']>;

beforeEach(async () => {
  cloud = new TestCloud();
  for (let n = 1; n <= 5; n++) await cloud.bind('node1', portId(n), acme);
  await cloud.bind('node1', portId(11), umbrella);
  // Mirrors need to know which addresses are the cloud's own.
  await cloud.agent('node1');
  server = await cloud.replica();
  alice = server.as(acme);
  bob = server.as(umbrella);
  admin = server.as('operations', 'admin');
});
afterEach(() => cloud.stop());

interface Tapped {
  readonly port_id: string;
  readonly project_id: string | null;
  readonly taps: number;
  readonly tapped_by: readonly object[];
}
type Caller = ReturnType<Replica['as']>;
const listed = async (as: Caller, query = '') =>
  (await as('GET', path + query)).body as unknown as {
    readonly tapped_ports: readonly Tapped[];
    readonly tapped_ports_links?: readonly { readonly href: string }[];
  };

async function mirror(port: number, as: Caller = alice, more: object = {}): Promise<string> {
  const directions = { IN: 100 + port };
  const body = { port_id: portId(port), mirror_type: 'gre', remote_ip: '198.51.100.9', directions, ...more };
  const reply = await as('POST', '/v2.0/taas/tap_mirrors', { tap_mirror: body });
  expect(reply.status).toBe(201);
  return reply.body.tap_mirror.id;
}

describe('who taps my ports', () => {
  it("is told of one's own ports, an administrator's taps too, and of nobody else's", async () => {
    const id = await mirror(1, admin, { project_id: acme });
    const service = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(2) } });
    const { id: to } = service.body.tap_service;
    const body = { tap_service_id: to, source_port: portId(3), direction: 'OUT' };
    const flow = (await alice('POST', '/v2.0/taas/tap_flows', { tap_flow: body })).body.tap_flow.id;
    const theirs = await mirror(11, bob);
    const { tapped_ports: mine } = await listed(alice);
    expect(mine).toMatchObject([
      {
        ...{ port_id: portId(1), project_id: acme, taps: 1 },
        tapped_by: [
          {
            ...{ kind: 'tap_mirror', id, project_id: acme, direction: 'IN', deleting: false },
            destination: { mirror_type: 'gre', remote_ip: '198.51.100.9' },
          },
        ],
      },
      {
        port_id: portId(3),
        tapped_by: [{ kind: 'tap_flow', id: flow, destination: { tap_service_id: to, port_id: portId(2) } }],
      },
    ]);
    expect((await listed(bob)).tapped_ports).toMatchObject([{ port_id: portId(11), tapped_by: [{ id: theirs }] }]);
    expect((await listed(admin)).tapped_ports).toHaveLength(3);
    expect((await listed(admin, `?project_id=${umbrella}`)).tapped_ports).toHaveLength(1);
    expect((await alice('GET', `${path}/${portId(1)}`)).status).toBe(200);
    for (const port of [11, 5]) expect((await alice('GET', `${path}/${portId(port)}`)).status).toBe(404);
    expect((await listed(alice, `?port_id=${portId(11)}`)).tapped_ports).toEqual([]);
    expect((await server.as(acme, 'guest')('GET', path)).body).toEqual({ tapped_ports: [] });
    expect((await alice('POST', path, {})).status).toBe(405);
    await alice('DELETE', `/v2.0/taas/tap_mirrors/${id}`);
    expect((await listed(alice)).tapped_ports.map(({ port_id: port }) => port)).toEqual([portId(3)]);
  });

  it('shows a port of which nobody has said whose it is to administrators alone', async () => {
    await cloud.bind('node1', portId(7));
    await cloud.caughtUp();
    await mirror(7);
    expect((await listed(alice)).tapped_ports).toEqual([]);
    expect((await alice('GET', `${path}/${portId(7)}`)).status).toBe(404);
    expect((await listed(admin)).tapped_ports).toMatchObject([{ port_id: portId(7), project_id: null }]);
    // Neutron says it now.
    const record = { v: 1, node: 'node1', reason: '', project_id: acme } as const;
    await cloud.put(keys.portBinding(portId(7)), portBindingCodec.format(record));
    await cloud.caughtUp();
    expect((await listed(alice)).tapped_ports).toMatchObject([{ port_id: portId(7), project_id: acme }]);
  });

  it('comes in pages', async () => {
    for (let n = 1; n <= 5; n++) await mirror(n);
    const seen: string[] = [];
    let query = '?limit=2';
    for (;;) {
      const page = await listed(alice, query);
      expect(page.tapped_ports.length).toBeLessThanOrEqual(2);
      seen.push(...page.tapped_ports.map(({ port_id: port }) => port));
      const next = page.tapped_ports_links?.[0]?.href;
      if (next === undefined) break;
      query = next.slice(next.indexOf('?'));
    }
    expect(seen.sort()).toEqual([1, 2, 3, 4, 5].map(portId));
    expect((await alice('GET', `${path}?limit=0`)).status).toBe(400);
    expect((await alice('GET', `${path}?limit=1001`)).status).toBe(200);
  });
});
