import type { Cloud } from '@taas/lab';
import { keys, prefixes } from '@taas/model';
import { systemClock } from '@taas/service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keysOfTaps } from './at-rest.js';
import { startFastCloud } from './fast-cloud.js';
import { slowStore } from './slow-store.js';
import { portId } from './tapped-pair.js';

/** What the API refuses is refused in words, and changes nothing. */
export function describeRefusedRequests(): void {
  let cloud: Cloud;

  beforeEach(async () => {
    cloud = await startFastCloud({
      nodes: ['node-a', 'node-b', 'node-c'],
      transport: 'vxlan',
      servers: 2,
      // Whoever asks at the same time has decided before either is written.
      seams: { serverStore: (store) => slowStore(store, systemClock, 10) },
    });
    for (const [n, node] of ['node-a', 'node-b', 'node-c'].entries()) {
      await cloud.bindings.bind(node, portId(n + 1), 'project-a');
      await cloud.node(node).switch.addPort({ id: portId(n + 1), bridgeDomain: 101 + n });
    }
    // The leader writes down each node's tunnel address once its agent is there, whatever is asked meanwhile.
    await cloud.until('the addresses of all nodes are known', async () => {
      const known = await Promise.all(
        ['node-a', 'node-b', 'node-c'].map((node) => cloud.store.get(keys.underlay(node))),
      );
      return known.every((entry) => entry !== undefined);
    });
    // Bindings must be in both servers' sight: what a server does not know yet, it cannot refuse.
    for (const server of [0, 1]) await cloud.ask('GET', 'tap_services', { server });
  });
  afterEach(async () => {
    await cloud?.stop();
  });

  const service = (port: number, server = 0) =>
    cloud.ask('POST', 'tap_services', { server, body: { tap_service: { port_id: portId(port), name: `s${port}` } } });
  const flow = (to: string, from: number, server = 0) =>
    cloud.ask('POST', 'tap_flows', {
      ...{ server, body: { tap_flow: { tap_service_id: to, source_port: portId(from), direction: 'BOTH' } } },
    });
  const idOf = (text: string): string => Object.values(JSON.parse(text) as Record<string, { id: string }>)[0]?.id ?? '';
  /** Everything that a request could have written; the election goes on beside it. */
  /** Of all but what goes on by itself, and the audit trail, which tells of refusals. */
  const revision = async () =>
    (await cloud.store.list(prefixes.api)).entries
      .filter(({ key }) => key !== keys.leader && key !== keys.leaderHeartbeat && !key.startsWith(prefixes.audit))
      .map((entry) => entry.modRevision);

  describe('copies of copies', () => {
    it('a port that is its own source, a tapped collector and a collector that is tapped: 409 that names the port', async () => {
      const s1 = idOf((await service(1)).text);
      const s2 = idOf((await service(2)).text);
      const before = await revision();
      expect(await flow(s1, 1)).toMatchObject({ status: 409, text: expect.stringContaining(portId(1)) });
      // A tap of a collector, on another node and by either server.
      for (const server of [0, 1]) {
        const answer = await flow(s1, 2, server);
        expect(answer).toMatchObject({ status: 409, text: expect.stringContaining(portId(2)) });
        expect(answer.text).toContain(s2);
      }
      expect(await revision()).toEqual(before);
      expect((await flow(s1, 3)).status).toBe(201);
      const chain = await service(3, 1);
      expect(chain).toMatchObject({ status: 409, text: expect.stringContaining(portId(3)) });
    });

    it('a cycle over three ports on three nodes is not to be had, in whatever order it is asked for', async () => {
      const orders = [
        [1, 2, 3],
        [3, 1, 2],
        [2, 3, 1],
      ] as const;
      for (const [a, b, c] of orders) {
        const made: string[] = [];
        // a is copied to b, b to c, c to a: each service with its flow, as a user would come to it.
        for (const [from, to] of [
          [a, b],
          [b, c],
          [c, a],
        ] as const) {
          const target = await service(to);
          if (target.status !== 201) {
            expect(target).toMatchObject({ status: 409, text: expect.stringContaining(portId(to)) });
            continue;
          }
          made.push(idOf(target.text));
          const answer = await flow(idOf(target.text), from);
          if (answer.status === 201) continue;
          expect(answer).toMatchObject({ status: 409, text: expect.stringContaining(portId(from)) });
        }
        const { text } = await cloud.ask('GET', 'tap_flows');
        const flows = (JSON.parse(text) as { tap_flows: { source_port: string }[] }).tap_flows;
        const collectors = new Set(
          (
            JSON.parse((await cloud.ask('GET', 'tap_services')).text) as { tap_services: { port_id: string }[] }
          ).tap_services.map((each) => each.port_id),
        );
        expect(flows.length).toBeGreaterThan(0);
        expect(flows.filter((each) => collectors.has(each.source_port))).toEqual([]);
        for (const id of made) await cloud.ask('DELETE', `tap_services/${id}`);
        await cloud.until('all is gone', async () => (await keysOfTaps(cloud)).length === 0);
      }
    });

    it('two servers asked at once never let both halves of a chain in', async () => {
      let [chains, collisions] = [0, 0];
      for (let round = 0; round < 10; round++) {
        const s1 = idOf((await service(1, round % 2)).text);
        const both = await Promise.all([flow(s1, 2, 0), service(2, 1)]);
        const statuses = both.map(({ status }) => status);
        if (statuses.every((status) => status === 201)) chains++;
        if (statuses.includes(409)) collisions++;
        expect([...statuses].sort()).toEqual([201, 409]);
        const refused = both.find(({ status }) => status === 409);
        expect(refused?.text).toContain(portId(2));
        for (const id of [s1, ...(both[1].status === 201 ? [idOf(both[1].text)] : [])])
          expect((await cloud.ask('DELETE', `tap_services/${id}`)).status).toBe(204);
        await cloud.until('all is gone', async () => (await keysOfTaps(cloud)).length === 0);
      }
      expect({ chains, collisions }).toEqual({ chains: 0, collisions: 10 });
    });
  });

  describe('a client that sends rubbish', () => {
    const rubbish: readonly (readonly [what: string, body: string, status: number])[] = [
      ['no JSON', '{"tap_service": {', 400],
      ['no JSON at all', '\u0000\u0001\u0002', 400],
      ['nothing', '', 400],
      ['a list', '[1,2,3]', 400],
      ['a number', '7', 400],
      ['another resource', '{"network": {}}', 400],
      ['an attribute that is none', `{"tap_service": {"port_id": "${portId(1)}", "colour": "red"}}`, 400],
      ['a port that is no id', '{"tap_service": {"port_id": "../../nodes/node-a"}}', 400],
      ['a name that is an object', `{"tap_service": {"port_id": "${portId(1)}", "name": {}}}`, 400],
      ['nesting, a hundred thousand deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400],
      ['objects, a thousand deep', `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`, 400],
      ['a body of a megabyte', `{"tap_service": {"name": "${'x'.repeat(1_000_000)}"}}`, 413],
      ['a prototype', `{"tap_service": {"port_id": "${portId(1)}", "__proto__": {"project_id": "project-b"}}}`, 400],
      ["somebody else's project", `{"tap_service": {"port_id": "${portId(1)}", "project_id": "project-b"}}`, 400],
    ];
    it.each(rubbish)('%s: refused in words, before anything is written', async (_what, body, status) => {
      const before = await revision();
      const answer = await cloud.ask('POST', 'tap_services', { body });
      expect({ status: answer.status, text: answer.text.slice(0, 300) }).toMatchObject({ status });
      const error = (JSON.parse(answer.text) as { NeutronError?: { message?: string; type?: string } }).NeutronError;
      expect(error?.message).toMatch(/\w/);
      expect(answer.text.length).toBeLessThan(2_000);
      expect(await revision()).toEqual(before);
      expect((await cloud.ask('GET', 'tap_services')).status).toBe(200);
    });

    it('a lone surrogate is refused or kept, but never breaks what others read', async () => {
      const body = `{"tap_service": {"port_id": "${portId(1)}", "name": "half \\ud83d an emoji"}}`;
      const answer = await cloud.ask('POST', 'tap_services', { body });
      expect([201, 400]).toContain(answer.status);
      for (const server of [0, 1]) {
        const { status, text } = await cloud.ask('GET', 'tap_services', { server });
        expect(status).toBe(200);
        // What was said to be stored is what is stored.
        const names = (JSON.parse(text) as { tap_services: { name: string }[] }).tap_services.map(({ name }) => name);
        expect(names).toEqual(
          answer.status === 201
            ? [(JSON.parse(answer.text) as { tap_service: { name: string } }).tap_service.name]
            : [],
        );
      }
    });

    it('emoji, right-to-left text and control characters in names come back as they were sent', async () => {
      const name = '🕵️‍♀️ 監視 مراقبة ‮ \t "quoted" \\ </script>';
      const made = await cloud.ask('POST', 'tap_services', { body: { tap_service: { port_id: portId(1), name } } });
      expect(made.status).toBe(201);
      for (const server of [0, 1]) {
        await cloud.until('the service is in sight', async () => {
          return (await cloud.ask('GET', `tap_services/${idOf(made.text)}`, { server })).status === 200;
        });
        const { text } = await cloud.ask('GET', `tap_services/${idOf(made.text)}`, { server });
        expect((JSON.parse(text) as { tap_service: { name: string } }).tap_service.name).toBe(name);
      }
    });
  });
}
