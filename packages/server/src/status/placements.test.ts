import { agentCodec, keys, tapFlowCodec, tapServiceCodec } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileService } from '../compiler/compile-service.js';
import type { SegmentPolicy } from '../compiler/segment-options.js';
import { sliceOf } from '../compiler/service-slice.js';
import { acme } from '../test-cloud.suite.js';
import { anyId, anyNode, anyRecord, History, uuid } from '../view/random-history.suite.js';
import { ViewState } from '../view/view-state.js';
import { type Placement, Placements } from './placements.js';

/** So few segments that tap services stand in each other's way. */
const policy: SegmentPolicy = {
  options: [
    { type: 'vlan', physnet: 'p', first: 1, last: 2, exclusive: true },
    { type: 'vxlan', first: 5, last: 6 },
  ],
  projectShare: 1,
};
const services = ['a', 'b', 'c'].map(uuid);

type Writes = (view: ViewState) => readonly (readonly [key: string, value: string | null])[];

const write = (key: string, value: string | null): Writes =>
  Object.assign(() => [[key, value]] as const, { [fc.toStringMethod]: () => `${key}=${value}` });
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
      layer2_physnets: [],
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
  { weight: 2, arbitrary: anyId.map(tell) },
);

/** A view that is told of everything that is written, and what is remembered of its placements. */
class Scene {
  readonly #history = new History();
  readonly view = new ViewState();
  readonly remembered: Placements;

  constructor(readonly segments: SegmentPolicy = policy) {
    this.remembered = new Placements(this.view, segments);
    this.view.apply(this.#history.snapshot());
    for (const writes of world) this.write(writes);
  }

  /** @param relisted a connection breaks with it, and everything is listed again */
  write(writes: Writes, relisted = false, check: () => void = () => undefined): void {
    for (const [key, value] of writes(this.view)) {
      const event = this.#history.change(key, value);
      if (!event) continue;
      this.remembered.forget(this.view.apply(relisted ? this.#history.snapshot() : event));
      check();
    }
  }

  /** What is remembered, which must be what is worked out anew. */
  check(id: string): Placement {
    const placement = this.remembered.of(id);
    expect(placement).toEqual(new Placements(this.view, this.segments).of(id));
    return placement;
  }
}

describe('what is remembered of placements', () => {
  it('is what would be worked out anew, after any event', () => {
    const steps = fc.array(fc.tuple(step, fc.integer({ min: 1, max: 10 })), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (all) => {
        const scene = new Scene();
        const check = () => {
          for (const id of services) scene.check(id);
        };
        check();
        for (const [writes, chance] of all) scene.write(writes, chance === 1, check);
      }),
      { numRuns: 500 },
    );
  });

  it('does not outlive the segment that was free', () => {
    const one: SegmentPolicy = {
      options: [{ type: 'vlan', physnet: 'p', first: 1, last: 1, exclusive: true }],
      projectShare: 1,
    };
    const scene = new Scene(one);
    const hold = (id: number, service: string | null) => {
      const value = service === null ? null : JSON.stringify({ v: 1, tap_service_id: service });
      scene.write(write(keys.segment({ type: 'vlan', physnet: 'p', id }), value));
    };
    // What the two services have taken so far.
    for (const id of [1, 2]) hold(id, null);
    expect(scene.check(b).blockers.flows.size).toBe(0);
    hold(1, a);
    expect(scene.check(b).blockers.flows.get(b)).toEqual({
      code: 'segments_exhausted',
      reason: expect.stringMatching(/no id is free for this project/),
    });
    hold(1, null);
    expect(scene.check(b).blockers.flows.size).toBe(0);
  });

  it('does not outlive a node’s way out, though the node has not been told of anything', () => {
    const scene = new Scene({
      options: [{ type: 'vlan', physnet: 'p', first: 1, last: 9, exclusive: true }],
      projectShare: 1,
    });
    const added = uuid('d');
    for (const writes of [service(c), flow(added, c, a)]) scene.write(writes);
    expect(scene.check(c).blockers.flows.size).toBe(0);
    scene.write(agent('n2', false, [], '26.06'));
    expect(scene.check(c).blockers.flows.get(added)).toEqual({
      code: 'no_common_network',
      reason: expect.stringMatching(/no common link/),
    });
    scene.write(agent('n2', false, ['p'], '26.06'));
    expect(scene.check(c).blockers.flows.size).toBe(0);
  });

  it('does not outlive a flow whose record could not be read', () => {
    const scene = new Scene();
    scene.write(write(keys.resource('tap_flows', c), '{'));
    expect(scene.check(b).parts.has(c)).toBe(true);
    scene.write(write(keys.resource('tap_flows', c), null));
    expect(scene.check(b).parts.has(c)).toBe(false);
  });

  it('is worked out once as long as nothing touches the tap service', () => {
    const scene = new Scene();
    const first = scene.remembered.of(a);
    scene.write(write(keys.agent('n3'), '{}'));
    expect(scene.remembered.of(a)).toBe(first);
  });
});
