import { keys, resourceKinds } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { words } from '../errors/neutron-error.js';
import type { PortKnowledge } from '../taps/admission/port-directory.js';
import { acme, portId, type Replica, type Reply, TestCloud, umbrella } from '../test-cloud.suite.js';

const nobody = '11111111-1111-4111-8111-111111111111';
let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;
let bob: ReturnType<Replica['as']>;
/** Whose ports are; those that are not here do not exist. */
let owners: Map<string, string>;

beforeEach(async () => {
  cloud = new TestCloud();
  owners = new Map([1, 2, 3].map((n) => [portId(n), acme]));
  owners.set(portId(11), umbrella).set(portId(12), umbrella);
  for (const port of owners.keys()) await cloud.bind('node1', port, owners.get(port));
  await cloud.agent('node1');
  server = await cloud.replica({
    ports: {
      lookup: async (port, caller): Promise<PortKnowledge> => {
        const projectId = owners.get(port);
        if (projectId === undefined || projectId !== caller.projectId) return { is: 'absent' };
        return { is: 'known', projectId, visible: true };
      },
    },
  });
  alice = server.as(acme);
  bob = server.as(umbrella);
});
afterEach(() => cloud.stop());

/** One tap of each kind, of acme's. */
async function tapsOfAlice(): Promise<Readonly<Record<(typeof resourceKinds)[number], string>>> {
  const service = await alice('POST', '/v2.0/taas/tap_services', {
    tap_service: { port_id: portId(1), name: 'secret' },
  });
  const { id } = service.body.tap_service;
  const source = { tap_service_id: id, source_port: portId(2), direction: 'BOTH', name: 'secret' };
  const flow = await alice('POST', '/v2.0/taas/tap_flows', { tap_flow: source });
  const mirror = {
    port_id: portId(3),
    mirror_type: 'gre',
    remote_ip: '198.51.100.9',
    directions: { IN: 1 },
    name: 'secret',
  };
  const made = await alice('POST', '/v2.0/taas/tap_mirrors', { tap_mirror: mirror });
  return { tap_services: id, tap_flows: flow.body.tap_flow.id, tap_mirrors: made.body.tap_mirror.id };
}

describe('a stranger', () => {
  it('gets the same answer for what is there and for what is not, whatever they ask', async () => {
    const taps = await tapsOfAlice();
    const answers = async (kind: (typeof resourceKinds)[number], id: string): Promise<unknown[]> => {
      const { resource } = words[kind];
      const one = `/v2.0/taas/${kind}/${id}`;
      const flow = { tap_service_id: id, source_port: portId(12), direction: 'IN' };
      const replies: Reply[] = [
        await bob('GET', one),
        await bob('GET', `${one}?fields=name`),
        await bob('PUT', one, { [resource]: { name: 'mine' } }),
        await bob('PUT', one, { [resource]: {} }),
        await bob('PUT', one, { [resource]: { project_id: umbrella } }),
        await bob('DELETE', one),
        await bob('GET', `/v2.0/taas/${kind}?id=${id}`),
        await bob('GET', `/v2.0/taas/${kind}?marker=${id}&limit=1`),
        await bob('POST', '/v2.0/taas/tap_flows', { tap_flow: flow }),
      ];
      const comparable = replies.map(({ status, body, headers }) => ({ status, body, type: headers['content-type'] }));
      return JSON.parse(JSON.stringify(comparable).replaceAll(id, '<id>')) as unknown[];
    };
    for (const kind of resourceKinds) expect(await answers(kind, taps[kind])).toEqual(await answers(kind, nobody));
    for (const kind of resourceKinds) {
      // And nothing has happened to them.
      const { body } = await alice('GET', `/v2.0/taas/${kind}/${taps[kind]}`);
      expect(body[words[kind].resource]).toMatchObject({ id: taps[kind], name: 'secret' });
      expect(JSON.stringify((await bob('GET', `/v2.0/taas/${kind}`)).body)).toBe(`{"${kind}":[]}`);
    }
  });

  it('learns nothing of ports either', async () => {
    await tapsOfAlice();
    const answer = async (port: string) => {
      const { status, body } = await bob('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: port } });
      return JSON.stringify({ status, body }).replaceAll(port, '<port>');
    };
    const absent = await answer(nobody);
    expect(absent).toContain('PortNotFound');
    // A collector, a source, and one that nobody taps.
    for (const n of [1, 2, 3]) expect(await answer(portId(n))).toBe(absent);
  });
});

describe('deleting', () => {
  it('needs no port: a flow whose port is gone goes, and so does its service', async () => {
    const taps = await tapsOfAlice();
    owners.clear();
    expect((await alice('DELETE', `/v2.0/taas/tap_flows/${taps.tap_flows}`)).status).toBe(204);
    expect((await alice('DELETE', `/v2.0/taas/tap_services/${taps.tap_services}`)).status).toBe(204);
    expect((await alice('DELETE', `/v2.0/taas/tap_mirrors/${taps.tap_mirrors}`)).status).toBe(204);
  });

  it('a second time, while the nodes have not confirmed, changes nothing', async () => {
    const taps = await tapsOfAlice();
    await cloud.lead(server);
    await cloud.converge(['node1']);
    for (const kind of ['tap_flows', 'tap_services'] as const) {
      const path = `/v2.0/taas/${kind}/${taps[kind]}`;
      const before = await alice('GET', path);
      expect(before.body[words[kind].resource].status).toBe('ACTIVE');
      expect((await alice('DELETE', path)).status).toBe(204);
      await cloud.settle();
      const { revision } = await cloud.store.list(keys.resource(kind, taps[kind]));
      expect((await alice('DELETE', path)).status).toBe(204);
      await cloud.caughtUp();
      const after = await cloud.store.list(keys.resource(kind, taps[kind]));
      expect(after.entries).toHaveLength(1);
      expect(after.revision).toBe(revision);
      expect((await alice('GET', path)).body[words[kind].resource].status).toBe('PENDING_DELETE');
    }
    await cloud.converge(['node1']);
    expect((await alice('GET', '/v2.0/taas/tap_services')).body).toEqual({ tap_services: [] });
  });
});
