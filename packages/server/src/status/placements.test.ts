import { agentCodec, keys, tapFlowCodec, tapServiceCodec } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileService } from '../compiler/compile-service.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import { sliceOf } from '../compiler/service-slice.js';
import { acme } from '../test-cloud.suite.js';
import { ClusterView } from '../view/cluster-view.js';
import { anyId, anyNode, anyRecord, History, uuid } from '../view/random-history.suite.js';
import { Placements } from './placements.js';

/** So few segments that tap services stand in each other's way. */
const policy: SegmentPolicy = {
  options: [
    { type: 'vlan', physnet: 'p', first: 1, last: 2 },
    { type: 'vxlan', first: 5, last: 6 },
  ],
  projectShare: 1,
};
const services = ['a', 'b', 'c'].map(uuid);

type Writes = (view: ClusterView) => readonly (readonly [key: string, value: string | null])[];

const write =
  (key: string, value: string | null): Writes =>
  () => [[key, value]];
const agent = (node: string, tunnel: boolean, physnets: string[], vpp_version: string | null): Writes =>
  write(
    keys.agent(node),
    agentCodec.format({
      v: 1,
      node,
      agent_version: '1',
      vpp_version,
      tunnel_address: tunnel ? '192.0.2.1' : null,
      physnets,
      capabilities: [],
    }),
  );

/** What the compiler would write for a tap service. */
const tell =
  (id: string): Writes =>
  (view) => {
    const { nodeRecords, segmentsNeeded } = compileService(sliceOf(view, policy, id));
    const taken = segmentsNeeded.map(
      (segment) => [keys.segment(segment), JSON.stringify({ v: 1, tap_service_id: id })] as const,
    );
    return [...taken, ...[...nodeRecords.values()].map(({ key, value }) => [key, value] as const)];
  };

const bind = (port: string, node: string): Writes => write(keys.boundPort(node, port), '{}');
const common = { v: 1, project_id: acme, name: '', description: '', created_at: 1 } as const;
const service = (id: string): Writes =>
  write(keys.resource('tap_services', id), tapServiceCodec.format({ ...common, id, port_id: id }));
const flow = (id: string, ofService: string, port: string): Writes => {
  const rest = { tap_service_id: ofService, source_port: port, direction: 'IN', vlan_filter: null } as const;
  return write(keys.resource('tap_flows', id), tapFlowCodec.format({ ...common, id, ...rest }));
};

/** Two nodes, and copies that go from each to the other, and from the second to itself. */
const [a = '', b = '', c = ''] = services;
const world: readonly Writes[] = [
  ...[agent('n1', true, ['p'], '26.06'), agent('n2', true, ['p'], '26.06')],
  ...[bind(a, 'n1'), bind(b, 'n2'), bind(c, 'n2'), service(a), service(b)],
  ...[flow(a, a, b), flow(b, b, a), flow(c, b, c), tell(a), tell(b)],
];

const step: fc.Arbitrary<Writes> = fc.oneof(
  { weight: 4, arbitrary: anyRecord.map(([key, value]) => write(key, value)) },
  anyRecord.map(([key]) => write(key, null)),
  anyRecord.map(([key]) => write(key, '{')),
  fc.tuple(anyNode, fc.boolean(), fc.subarray(['p']), fc.constantFrom('26.06', null)).map((given) => agent(...given)),
  anyNode.map((node) => write(keys.agent(node), null)),
  fc.tuple(anyNode, fc.constantFrom('{}', null)).map(([node, value]) => write(keys.physnet(node, 'p'), value)),
  { weight: 2, arbitrary: anyId.map(tell) },
);

describe('what is remembered of placements', () => {
  it('is what would be worked out anew, after any event', () => {
    const steps = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 10 })), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (all) => {
        const history = new History();
        const view = new ClusterView();
        view.apply(history.snapshot());
        const remembered = new Placements(view, policy);
        const begin = world.map((writes) => [writes, 2] as const);
        for (const [writes, chance] of [...begin, ...all]) {
          for (const [key, value] of writes(view)) {
            const event = history.change(key, value);
            if (!event) continue;
            // Now and then a connection breaks, and everything is listed again.
            remembered.forget(view.apply(chance === 1 ? history.snapshot() : event));
            const anew = new Placements(view, policy);
            for (const id of services) expect(remembered.of(id)).toEqual(anew.of(id));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is worked out once as long as nothing touches the tap service', () => {
    const history = new History();
    const view = new ClusterView();
    const remembered = new Placements(view, policy);
    view.apply(history.snapshot());
    const [first, other] = [remembered.of(uuid('a')), keys.boundPort('n1', uuid('c'))];
    const event = history.change(other, '{}');
    if (event) remembered.forget(view.apply(event));
    expect(remembered.of(uuid('a'))).toBe(first);
  });
});
