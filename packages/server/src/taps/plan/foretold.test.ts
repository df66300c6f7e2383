import { type AgentRecord, keys, parseKey } from '@taas/model';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { acme, portId, TestCloud } from '../../test-cloud.suite.js';
import { told } from './told.js';

const nodes = ['node1', 'node2', 'node3'];
/** What a node has for ways of copies; null: its agent is not there. */
const agent = fc.constantFrom<Partial<AgentRecord> | null>(
  null,
  { physnets: ['physnet1'] },
  { physnets: [] },
  { physnets: [], tunnel_address: null },
);
const place = fc.constantFrom(null, ...nodes);
const step = fc.oneof(
  fc.record({ make: fc.constant('tap_flow' as const), port: fc.integer({ min: 2, max: 6 }) }),
  fc.record({ make: fc.constant('tap_mirror' as const), port: fc.integer({ min: 2, max: 6 }) }),
  fc.record({ take: fc.nat() }),
);

it('what a plan foretells is what nodes are told once it is done', async () => {
  let foretold = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(agent, agent, agent),
      fc.array(place, { minLength: 6, maxLength: 6 }),
      fc.array(step, { minLength: 1, maxLength: 6 }),
      async (agents, places, steps) => {
        const cloud = new TestCloud();
        try {
          for (const [n, node] of nodes.entries()) if (agents[n]) await cloud.agent(node, agents[n]);
          for (const [n, node] of places.entries()) if (node) await cloud.bind(node, portId(n + 1), acme);
          const server = await cloud.replica();
          await cloud.lead(server);
          const admin = server.as(acme, 'admin');
          const ask = async (url: string, body: unknown) => (await admin('POST', url, body)).body;
          const made: { collection: string; resource: string; id: string }[] = [];
          const service = { tap_service: { port_id: portId(1) } };
          const to = (await ask('/v2.0/taas/tap_services', service)).tap_service.id;
          for (const [n, each] of steps.entries()) {
            await cloud.converge(nodes.filter((_, index) => agents[index]));
            const before = await cloud.nodeRecords();
            const given =
              'make' in each && each.make === 'tap_flow'
                ? { tap_service_id: to, source_port: portId(each.port), direction: 'IN' }
                : {
                    port_id: portId('make' in each ? each.port : 0),
                    mirror_type: 'gre',
                    remote_ip: '192.0.2.1',
                    directions: { IN: n + 1 },
                  };
            const target = 'take' in each ? made.splice(each.take % (made.length || 1), 1)[0] : undefined;
            if (!('make' in each) && !target) continue;
            const body = target
              ? { delete: { [target.resource]: target.id } }
              : { create: { ['make' in each ? each.make : '']: given } };
            const { plan } = await ask('/v2.0/taas/plan', { plan: body });
            if (target) await admin('DELETE', `/v2.0/taas/${target.collection}/${target.id}`);
            else if ('make' in each) {
              const collection = `${each.make}s`;
              const answer = await ask(`/v2.0/taas/${collection}`, { [each.make]: given });
              // No mirror is made where nobody knows the underlay.
              expect(plan === undefined).toBe(answer.NeutronError !== undefined);
              if (answer.NeutronError) continue;
              made.push({ collection, resource: each.make, id: answer[each.make].id });
            }
            await cloud.settle();
            const after = await cloud.nodeRecords();
            const differ = [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
              const parsed = parseKey(key);
              const [was, is] = [before.get(key), after.get(key)];
              if (parsed.is !== 'node-resource' || was?.kv.value === is?.kv.value) return [];
              const gone = is === undefined || is.json['removed'] === true;
              const stood = was !== undefined && was.json['removed'] !== true;
              const change = gone ? ('remove' as const) : stood ? ('change' as const) : ('add' as const);
              const value = (gone ? was : is)?.kv.value ?? '';
              const seen = { ...parsed, change, value, before: stood ? (was?.kv.value ?? null) : null };
              return stood || !gone ? [{ node: parsed.node, kind: parsed.kind, change, steps: told(seen, true) }] : [];
            });
            const inOrder = (
              list: readonly { node: string; kind: string; change: string; steps: readonly string[] }[],
            ) =>
              list
                .map(({ node, kind, change, steps: all }) => [node, kind.replace(/s$/, ''), change, ...all].join('; '))
                .sort();
            expect(inOrder(plan.nodes)).toEqual(inOrder(differ));
            foretold += differ.length;
          }
          expect((await cloud.read(keys.resource('tap_services', to))).size).toBe(1);
        } finally {
          await cloud.stop();
        }
      },
    ),
    { numRuns: 100 },
  );
  // Else nothing was compared.
  expect(foretold).toBeGreaterThan(20);
}, 120_000);
