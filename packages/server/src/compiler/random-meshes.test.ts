import { keys, nodeTapFlowCodec } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acme, portId, TestCloud } from '../test-cloud.suite.js';
import { create, flows, fromScratch, nodes, segments, services } from './compiled-cloud.suite.js';
import type { SegmentPolicy } from './segment-options.js';

interface Mesh {
  /** For each port the node that it is bound to at first. */
  readonly places: readonly number[];
  readonly physnets: readonly boolean[];
  readonly tunnels: readonly boolean[];
  readonly services: readonly { readonly port: number; readonly sources: readonly number[] }[];
  readonly steps: readonly Step[];
}

type Step =
  | { readonly do: 'bind' | 'unbind'; readonly port: number; readonly node: number }
  | { readonly do: 'delete-flow' | 'delete-service'; readonly nth: number }
  | { readonly do: 'report'; readonly node: number }
  | { readonly do: 'agent-gone'; readonly node: number };

const node = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('bind' as const, 'bind' as const, 'unbind' as const), port: fc.nat(9), node }),
  fc.record({ do: fc.constantFrom('delete-flow' as const, 'delete-service' as const), nth: fc.nat(5) }),
  fc.record({ do: fc.constant('report' as const), node }),
  fc.record({ do: fc.constant('agent-gone' as const), node }),
);
const mesh: fc.Arbitrary<Mesh> = fc.record({
  places: fc.array(fc.nat(2), { minLength: 10, maxLength: 10 }),
  physnets: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  tunnels: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  services: fc.array(
    fc.record({
      port: fc.integer({ min: 0, max: 3 }),
      sources: fc.array(fc.integer({ min: 4, max: 9 }), { maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  steps: fc.array(step, { maxLength: 25 }),
});

/** Each segment on the wire belongs to one service, and is held by it. */
async function checkSegments(cloud: TestCloud): Promise<void> {
  const held = new Map([...(await segments(cloud))].map(([key, { json }]) => [key, json['tap_service_id']]));
  for (const { json } of (await cloud.nodeRecords()).values()) {
    if (json['tap_service_id'] === undefined) continue;
    const { target } = nodeTapFlowCodec.parse('', JSON.stringify(json));
    if (target.type === 'local') continue;
    const segment =
      target.type === 'vlan'
        ? { type: target.type, physnet: target.physnet, id: target.vlan }
        : { type: target.type, physnet: null, id: target.vni };
    expect(held.get(keys.segment(segment))).toBe(json['tap_service_id']);
  }
}

describe('for random meshes and any order of events', () => {
  it('etcd ends up as compiled from scratch, a second run writes nothing, and no segment is shared or freed early', async () => {
    let taken = 0;
    const policy: SegmentPolicy = {
      options: [
        { type: 'vlan', physnet: 'physnet1', first: 100, last: 109, exclusive: true },
        { type: 'vxlan', first: 7, last: 16 },
      ],
      projectShare: 1,
    };
    await fc.assert(
      fc.asyncProperty(mesh, async ({ places, physnets, tunnels, services: wanted, steps }) => {
        const cloud = new TestCloud(policy);
        try {
          const server = await cloud.replica();
          const agents = async () => {
            for (const [index, name] of nodes.entries()) {
              const tunnel_address = tunnels[index] ? `10.0.0.${index}` : null;
              await cloud.agent(name, { physnets: physnets[index] ? ['physnet1'] : [], tunnel_address });
            }
          };
          await agents();
          for (const [port, place] of places.entries()) await cloud.bind(nodes[place] ?? 'node1', portId(port));
          await cloud.lead(server);
          const made = [];
          for (const { port, sources } of wanted) made.push(await create(server, port, sources));
          const at = (index: number) => nodes[index] ?? 'node1';
          for (const [index, one] of steps.entries()) {
            if (one.do === 'bind') await cloud.bind(at(one.node), portId(one.port));
            else if (one.do === 'unbind') await cloud.unbind(at(one.node), portId(one.port));
            else if (one.do === 'report') await cloud.report(at(one.node));
            else if (one.do === 'agent-gone') await cloud.delete(keys.agent(at(one.node)));
            else if ('nth' in one) {
              const tap = made[one.nth % made.length];
              const path = one.do === 'delete-flow' ? `${flows}/${tap?.flows[0]}` : `${services}/${tap?.service}`;
              await server.as(acme)('DELETE', path);
            }
            if (index % 3 === 0) {
              await cloud.settle();
              await checkSegments(cloud);
            }
          }
          await agents();
          await cloud.converge(nodes);
          await checkSegments(cloud);
          taken += (await segments(cloud)).size;
          const published = new Map([...(await cloud.nodeRecords())].map(([key, { kv }]) => [key, kv.value]));
          expect(published).toEqual(await fromScratch(cloud, policy));
          // Another leader, who has seen nothing of this, finds nothing to do.
          const other = await cloud.replica();
          const second = await cloud.lead(other);
          await cloud.settle();
          expect(second.stats.operations).toBe(0);
          expect(second.stats.failures).toBe(0);
        } finally {
          await cloud.stop();
        }
      }),
      { numRuns: 40 },
    );
    expect(taken).toBeGreaterThan(10);
  });
});
