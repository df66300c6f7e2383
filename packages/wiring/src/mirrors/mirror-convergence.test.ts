import type { NodeTapMirror } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featureBits, forwardingBits } from '../objects/layer2-features.js';
import { planNode, planTaps } from '../plan/plan-node.js';
import { verify } from '../plan/verify.js';
import { facts, flow, mirror, mirrorId, portId, service } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';
import { legsOf } from './mirror-leg.js';
import { tunnelKey } from './mirror-tunnel.js';

const n = fc.integer({ min: 1, max: 4 });
const tunnelId = fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined });
const directions = fc
  .record({ IN: tunnelId, OUT: tunnelId, BOTH: tunnelId })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, id]) => id !== undefined)))
  .filter((each) => Object.keys(each).length > 0);

/** Things that happen to a node with mirrors, and a tap of one of the ports beside them. */
const event = fc.oneof(
  fc.record({ do: fc.constant('want' as const), id: n, port: n, directions, gre: fc.boolean() }),
  fc.record({ do: fc.constant('remove' as const), id: n }),
  fc.record({ do: fc.constant('forget' as const), id: n }),
  fc.record({ do: fc.constant('plug' as const), port: n }),
  fc.record({ do: fc.constant('unplug' as const), port: n }),
  fc.record({ do: fc.constant('rebind' as const), port: n }),
  fc.record({ do: fc.constant('delete-anything' as const), nth: fc.nat(40) }),
  fc.record({ do: fc.constant('tag-lost' as const), nth: fc.nat(40) }),
  fc.record({ do: fc.constant('foreign-tunnel' as const), id: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant('intrude' as const), port: n }),
  fc.record({ do: fc.constant('run' as const) }),
  fc.record({ do: fc.constant('run-some' as const), id: n }),
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

const inUse: readonly Event[] = [
  ...[1, 2, 3, 4].map((port) => ({ do: 'plug' as const, port })),
  { do: 'want', id: 1, port: 1, directions: { IN: 1, OUT: 2 }, gre: true },
  { do: 'want', id: 2, port: 1, directions: { BOTH: 1 }, gre: false },
  { do: 'want', id: 3, port: 2, directions: { OUT: 1 }, gre: true },
  { do: 'run' },
];
const life = fc
  .tuple(fc.boolean(), fc.array(event, { maxLength: 30 }))
  .map(([used, events]) => (used ? [...inUse, ...events] : events));

class World {
  readonly vpp = new VppDouble();
  readonly wanted = new Wanted();
  readonly uplink: number;
  #revision = 1;

  constructor() {
    this.vpp.addDomain(10, 'theirs');
    this.uplink = this.vpp.addInterface({ name: 'eth0', tag: 'net-vpp.physnet:phys1' });
    this.vpp.state.routes.put('198.51.100.9', { to: 'interface', index: this.uplink });
    this.wanted.setService({ record: service(1, 4), revision: 1 });
    this.wanted.setFlow({ record: flow(1, 1, 1), revision: 1 });
  }

  run(): void {
    this.vpp.execute(planNode(this.wanted, this.vpp.state, facts));
  }

  happen(e: Event): unknown {
    const revision = ++this.#revision;
    const { state } = this.vpp;
    const port = 'port' in e ? [...state.interfaces.by('tag', `net-vpp.port:${portId(e.port)}`)][0]?.index : undefined;
    const all = [...state.interfaces.all()];
    switch (e.do) {
      case 'want': {
        const more: Partial<NodeTapMirror> = { directions: e.directions, mirror_type: e.gre ? 'gre' : 'erspanv1' };
        return this.wanted.mirrors.set({ record: mirror(e.id, e.port, more), revision });
      }
      case 'remove': {
        const old = this.wanted.mirrors.get(mirrorId(e.id));
        return old && this.wanted.mirrors.set({ record: { ...old.record, removed: true }, revision });
      }
      case 'forget':
        return this.wanted.mirrors.delete(mirrorId(e.id));
      case 'plug':
        if (port === undefined) this.vpp.join(this.vpp.addPort(portId(e.port)), 10);
        return;
      case 'unplug':
        return port === undefined ? undefined : this.vpp.remove(port);
      case 'rebind':
        if (port === undefined) return;
        this.vpp.toLayer3(port);
        return this.vpp.join(port, 10);
      case 'delete-anything': {
        const victim = all[e.nth % all.length];
        return victim && victim.index !== this.uplink ? this.vpp.remove(victim.index) : undefined;
      }
      case 'tag-lost': {
        const victim = all[e.nth % all.length];
        if (victim?.tag.startsWith('taas.')) state.interfaces.put(victim.index, { ...victim, tag: '' });
        return;
      }
      case 'foreign-tunnel': {
        const spec = { type: 'teb', local: '10.0.0.1', remote: '198.51.100.9', id: e.id } as const;
        if (state.gres.by('spec', tunnelKey(spec))[0]) return;
        const index = this.vpp.addInterface({ name: `gre${e.id}`, tag: 'theirs' });
        return state.gres.put(index, { index, instance: e.id, ...spec });
      }
      case 'intrude': {
        const [domain] = [...state.bridgeDomains.all()].filter((each) => each.tag.startsWith('taas.mirror'));
        return domain && port !== undefined ? this.vpp.join(port, domain.id) : undefined;
      }
      case 'run':
        return this.run();
      case 'run-some':
        this.vpp.execute(planTaps({ services: [], flows: [], mirrors: [mirrorId(e.id)] }, this.wanted, state, facts));
    }
  }

  /** Tunnels that get what `source` sends (1) or is sent (2), followed through VPP's own state, not through plans. */
  tunnelsOf(source: number, side: 1 | 2): string[] {
    const { state } = this.vpp;
    const features = state.features.get(source);
    const bit = side === 1 ? featureBits.inputSpan : featureBits.outputSpan;
    if (!features || ((side === 1 ? features.input : features.output) & bit) === 0) return [];
    return state.spans.from(source).flatMap(({ to, state: span }) => {
      const member = state.memberships.get(to);
      if ((span & side) === 0 || !member || !state.interfaces.get(to)?.adminUp) return [];
      return [...(state.bridgeDomains.get(member.bridgeDomain)?.members ?? [])]
        .filter(
          ([index, shg]) => index !== to && (shg === 0 || shg !== member.shg) && state.interfaces.get(index)?.adminUp,
        )
        .map(([index]) => index)
        .filter((index) => !state.interfaces.get(index)?.name.startsWith('loop'))
        .map((index) => {
          const tunnel = state.gres.get(index);
          return tunnel ? tunnelKey(tunnel) : (state.interfaces.get(index)?.tag ?? '');
        });
    });
  }
}

function settle(world: World): void {
  // A tunnel that another leg still holds is only free for the run after the one that takes it away.
  for (let i = 0; i < 4; i++) world.run();
}

describe('mirrors on any node, after anything that can happen to it', () => {
  it('come to stand still, each ACTIVE, REMOVED or for a reason not', () => {
    fc.assert(
      fc.property(life, (events) => {
        const world = new World();
        for (const each of events) world.happen(each);
        settle(world);
        const plan = planNode(world.wanted, world.vpp.state, facts);
        expect(plan.sequences).toEqual([]);
        for (const { status, reason } of verify(plan))
          if (status === 'PENDING' || status === 'ERROR')
            expect(reason).toMatch(/not on this node|not connected|use another tunnel id|not of TaaS's making|key 0/);
        const ours = [...world.vpp.state.interfaces.all()].filter(({ tag }) => /^taas\.(mirror|gre):/.test(tag)).length;
        const standing = [...world.vpp.state.gres.all()].filter(({ instance }) => instance > 4).length;
        expect(ours).toBe(2 * standing);
      }),
      { numRuns: 300 },
    );
  });

  it('send the packets of a port once by each tunnel that asked for them, and by no other', () => {
    fc.assert(
      fc.property(life, (events) => {
        const world = new World();
        for (const each of events) world.happen(each);
        settle(world);
        const { state } = world.vpp;
        const verdicts = verify(planNode(world.wanted, state, facts));
        const isActive = (id: string) => verdicts.some((each) => each.id === id && each.status === 'ACTIVE');
        const half = new Set<string>();
        for (const { record } of world.wanted.mirrors.all())
          if (!isActive(record.id)) for (const { spec } of legsOf(record)) half.add(tunnelKey(spec));
        for (const entry of state.interfaces.all())
          for (const side of [1, 2] as const) {
            const expected = [...world.wanted.mirrors.all()]
              .filter(({ record }) => isActive(record.id) && entry.tag === `net-vpp.port:${record.port_id}`)
              .flatMap(({ record }) => legsOf(record))
              .filter((leg) => leg.direction === 'BOTH' || leg.direction === (side === 1 ? 'OUT' : 'IN'))
              .map(({ spec }) => tunnelKey(spec));
            const got = world.tunnelsOf(entry.index, side).filter((each) => !each.startsWith('taas.collector'));
            // Of a mirror that does not stand as a whole, a leg may.
            expect(got.filter((each) => expected.includes(each) || !half.has(each)).sort()).toEqual(expected.sort());
          }
      }),
      { numRuns: 300 },
    );
  });

  it("let nothing in from outside, and leave others' tunnels as they were", () => {
    fc.assert(
      fc.property(life, (events) => {
        const world = new World();
        for (const each of events) world.happen(each);
        const { state } = world.vpp;
        const foreign = () => [...state.interfaces.all()].filter(({ tag }) => tag === 'theirs');
        const before = foreign();
        settle(world);
        expect(foreign()).toEqual(before);
        for (const entry of state.interfaces.all())
          if (entry.tag.startsWith('taas.gre:'))
            expect((state.features.get(entry.index)?.input ?? 0) & forwardingBits).toBe(0);
      }),
    );
  });
});
