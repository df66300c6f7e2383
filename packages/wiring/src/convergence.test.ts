import type { Direction } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeFacts } from './node-facts.js';
import { featureBits, forwardingBits } from './objects/layer2-features.js';
import type { Plan } from './plan/plan.js';
import { planNode, planTaps } from './plan/plan-node.js';
import { verify } from './plan/verify.js';
import { parseOwnTag } from './tags.js';
import { receivers } from './testing/receivers.js';
import { facts, flow, flowId, portId, service, serviceId } from './testing/records.js';
import { VppDouble } from './testing/vpp-double.js';
import { Wanted } from './wanted/wanted.js';

const n = fc.integer({ min: 1, max: 4 });
const direction = fc.constantFrom<Direction>('IN', 'OUT', 'BOTH');

/** Things that happen to a node: users, networking-vpp, operators and accidents. */
const event = fc.oneof(
  fc.record({ do: fc.constant('want-service' as const), id: n, port: n }),
  fc.record({ do: fc.constant('want-flow' as const), id: n, service: n, port: n, direction, vlan: fc.boolean() }),
  fc.record({ do: fc.constant('remove-service' as const), id: n }),
  fc.record({ do: fc.constant('remove-flow' as const), id: n }),
  fc.record({ do: fc.constant('forget-flow' as const), id: n }),
  fc.record({ do: fc.constant('plug' as const), port: n }),
  fc.record({ do: fc.constant('unplug' as const), port: n }),
  fc.record({ do: fc.constant('rebind' as const), port: n }),
  fc.record({ do: fc.constant('delete-anything' as const), nth: fc.nat(40) }),
  fc.record({ do: fc.constant('tag-lost' as const), nth: fc.nat(40) }),
  fc.record({ do: fc.constant('foreign-span' as const), from: fc.nat(12), to: fc.nat(12) }),
  fc.record({ do: fc.constant('intrude' as const), port: n, unicast: fc.boolean() }),
  fc.record({ do: fc.constant('budget' as const), kbps: fc.constantFrom(null, 1000, 2000) }),
  fc.record({ do: fc.constant('run' as const) }),
  fc.record({ do: fc.constant('run-some' as const), id: n, whole: fc.boolean() }),
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

/** A node that is in use: most accidents need something to happen to. */
const inUse: readonly Event[] = [
  ...[1, 2, 3, 4].map((port) => ({ do: 'plug' as const, port })),
  { do: 'want-service', id: 1, port: 4 },
  { do: 'want-flow', id: 1, service: 1, port: 1, direction: 'BOTH', vlan: false },
  { do: 'want-flow', id: 2, service: 2, port: 2, direction: 'OUT', vlan: true },
  { do: 'want-flow', id: 3, service: 2, port: 1, direction: 'IN', vlan: true },
  { do: 'run' },
];
const life = fc
  .tuple(fc.boolean(), fc.array(event, { maxLength: 30 }))
  .map(([used, events]) => (used ? [...inUse, ...events] : events));

class World {
  readonly vpp = new VppDouble();
  readonly wanted = new Wanted();
  readonly uplink: number;
  facts: NodeFacts = facts;
  #revision = 1;

  constructor() {
    this.vpp.addDomain(10, 'theirs');
    this.uplink = this.vpp.addInterface({ name: 'eth0', tag: 'net-vpp.physnet:phys1' });
  }

  run(): void {
    this.vpp.execute(this.plan());
  }

  plan(): Plan {
    return planNode(this.wanted, this.vpp.state, this.facts);
  }

  happen(e: Event): unknown {
    const revision = ++this.#revision;
    const port =
      'port' in e ? [...this.vpp.state.interfaces.by('tag', `net-vpp.port:${portId(e.port)}`)][0]?.index : undefined;
    const all = [...this.vpp.state.interfaces.all()];
    switch (e.do) {
      case 'want-service':
        return this.wanted.setService({ record: service(e.id, e.port), revision });
      case 'want-flow': {
        const target = e.vlan ? ({ type: 'vlan', physnet: 'phys1', vlan: 100 + e.service } as const) : undefined;
        const more = { direction: e.direction, ...(target ? { target } : {}) };
        return this.wanted.setFlow({ record: flow(e.id, e.service, e.port, more), revision });
      }
      case 'remove-service': {
        const old = this.wanted.service(serviceId(e.id));
        return old && this.wanted.setService({ record: { ...old.record, removed: true }, revision });
      }
      case 'remove-flow': {
        const old = this.wanted.flow(flowId(e.id));
        return old && this.wanted.setFlow({ record: { ...old.record, removed: true }, revision });
      }
      case 'forget-flow':
        return this.wanted.deleteFlow(flowId(e.id));
      case 'plug':
        if (port === undefined) this.vpp.join(this.vpp.addPort(portId(e.port)), 10);
        return;
      case 'unplug':
        return port === undefined ? undefined : this.vpp.remove(port);
      case 'rebind':
        if (port !== undefined) {
          this.vpp.toLayer3(port);
          this.vpp.join(port, 10);
        }
        return;
      case 'delete-anything': {
        const victim = all[e.nth % all.length];
        return victim && victim.index !== this.uplink ? this.vpp.remove(victim.index) : undefined;
      }
      case 'tag-lost': {
        const victim = all[e.nth % all.length];
        if (victim && ['entry', 'flow', 'collector', 'unicast'].includes(parseOwnTag(victim.tag)?.kind ?? ''))
          this.vpp.state.interfaces.put(victim.index, { ...victim, tag: '' });
        return;
      }
      case 'foreign-span':
        return e.from === e.to ? undefined : this.vpp.span(e.from, e.to, 3);
      case 'intrude': {
        const [domain] = [...this.vpp.state.bridgeDomains.all()].filter((each) => each.tag.startsWith('taas.'));
        if (!domain || port === undefined) return;
        return e.unicast ? this.vpp.takeUnicast(port, domain.id) : this.vpp.join(port, domain.id);
      }
      case 'budget':
        this.facts = { ...facts, policedKbps: e.kbps };
        return;
      case 'run':
        return this.run();
      case 'run-some':
        this.vpp.execute(
          planTaps(
            { services: e.whole ? [serviceId(e.id)] : [], flows: [flowId(e.id)], mirrors: [] },
            this.wanted,
            this.vpp.state,
            this.facts,
          ),
        );
    }
  }

  /** What VPP holds, without the numbers that depend on the order of events. */
  picture(): unknown {
    const { state } = this.vpp;
    const name = (index: number) => state.interfaces.get(index)?.tag ?? `gone ${index}`;
    return {
      interfaces: [...state.interfaces.all()].map((each) => `${each.tag} on ${name(each.supIndex)}`).sort(),
      domains: [...state.bridgeDomains.all()].map((d) => [
        d.tag,
        [...d.members].map(([i, shg]) => `${name(i)} ${shg}`).sort(),
        d.unicast === null ? null : name(d.unicast),
      ]),
      spans: Array.from(state.spans.all(), ({ from, to, state: span }) => `${name(from)} to ${name(to)} ${span}`),
    };
  }
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_, v) => (Array.isArray(v) ? [...v].map((x) => JSON.stringify(x)).sort() : v));
}

function settle(world: World): void {
  // A VLAN or VNI that another tap of ours still holds is only free for the run after the one that takes it away.
  for (let i = 0; i < 3; i++) world.run();
}

describe('any node, after anything that can happen to it', () => {
  it('comes to stand still, with every tap ACTIVE, REMOVED or for a reason not', () => {
    fc.assert(
      fc.property(life, (events) => {
        const world = new World();
        for (const each of events) world.happen(each);
        settle(world);
        const plan = world.plan();
        expect(plan.sequences).toEqual([]);
        const { state } = world.vpp;
        for (const { from, to } of state.spans.all())
          for (const index of [from, to]) expect(state.interfaces.get(index)).toBeDefined();
        // Copies go into a service by a loopback of its own, or out by its link: any other mirror would be nobody's.
        for (const { to } of state.spans.all())
          expect(['entry', 'flow', 'vlan']).toContain(parseOwnTag(state.interfaces.get(to)?.tag ?? '')?.kind ?? 'flow');
        for (const verdict of verify(plan)) {
          if (verdict.status === 'PENDING' || verdict.status === 'ERROR')
            expect(verdict.reason).toMatch(/not on this node|not connected|aims elsewhere|another link|has no uplink/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('delivers the packets of a port exactly once to each tap service that asked for them, and to nobody else', () => {
    fc.assert(
      fc.property(life, (events) => {
        const world = new World();
        // Mirrors that others asked for are theirs to answer for.
        for (const each of events) if (each.do !== 'foreign-span') world.happen(each);
        settle(world);
        const { state } = world.vpp;
        const verdicts = verify(world.plan()).filter((each) => each.status === 'ACTIVE');
        const active = new Set(verdicts.map((each) => each.id));
        for (const entry of state.interfaces.all()) {
          for (const side of [1, 2] as const) {
            const asked = [...world.wanted.flows()]
              .filter(({ record }) => active.has(record.id))
              .filter(({ record }) => entry.tag === `net-vpp.port:${record.source_port}`)
              .filter(({ record }) => record.direction === 'BOTH' || record.direction === (side === 1 ? 'OUT' : 'IN'));
            for (const cast of ['unicast', 'group'] as const) {
              const exit = cast === 'unicast' ? 'unicast' : 'collector';
              const expected = asked.map(
                ({ record }) => `taas.${record.target.type === 'local' ? exit : 'vlan'}:${record.tap_service_id}`,
              );
              const got = receivers(state, entry.index, side, cast).map((index) => state.interfaces.get(index)?.tag);
              // However many flows ask for a packet, it arrives once at each service.
              expect(got.sort()).toEqual([...new Set(expected)].sort());
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('polices every flow at the rate of the day where there is a budget, and nothing where there is none', () => {
    fc.assert(
      fc.property(life, fc.constantFrom(null, 1000), (events, kbps) => {
        const world = new World();
        for (const each of [...events, { do: 'budget', kbps } as const]) world.happen(each);
        settle(world);
        const { state } = world.vpp;
        const loopbacks = [...state.interfaces.all()].filter(({ tag }) => parseOwnTag(tag)?.kind === 'flow');
        expect([...state.policers.all()].map(({ name }) => name).sort()).toEqual(
          (kbps === null ? [] : loopbacks.map(({ tag }) => tag)).sort(),
        );
        expect([...state.policings.keys()].length).toBe([...state.policers.all()].length);
        expect([...state.spareClassifiers.keys()]).toEqual([]);
        for (const { index, tag } of kbps === null ? [] : loopbacks) {
          expect(state.policings.get(index)?.policer?.name).toBe(tag);
          expect(state.policers.get(tag)).toEqual({ name: tag, kbps });
          expect((state.features.get(index)?.input ?? 0) & featureBits.inputPolicer).not.toBe(0);
        }
        for (const { to } of kbps === null ? [] : state.spans.all())
          expect(['flow', undefined]).toContain(parseOwnTag(state.interfaces.get(to)?.tag ?? '')?.kind);
      }),
      { numRuns: 300 },
    );
  });

  it('a collector and a way out never let in what would travel on', () => {
    fc.assert(
      fc.property(life, (events) => {
        const world = new World();
        for (const each of events) world.happen(each);
        settle(world);
        const { state } = world.vpp;
        for (const entry of state.interfaces.all())
          if (['collector', 'unicast', 'vlan'].includes(parseOwnTag(entry.tag)?.kind ?? ''))
            expect((state.features.get(entry.index)?.input ?? 0) & forwardingBits).toBe(0);
      }),
    );
  });

  it('is the same whatever the order in which the same was wanted, and however often the agent ran', () => {
    const wants = fc.uniqueArray(
      event.filter((e) => e.do === 'want-service' || e.do === 'want-flow' || e.do === 'plug'),
      { selector: (e) => `${e.do} ${'id' in e ? e.id : 'port' in e ? e.port : ''}`, maxLength: 12 },
    );
    fc.assert(
      fc.property(wants, fc.infiniteStream(fc.nat(1000)), fc.infiniteStream(fc.boolean()), (events, order, runs) => {
        // One link for all flows of a service: which of two different ones wins is for the newest record to say.
        const same = events.filter((e) => e.do !== 'want-flow' || !e.vlan);
        const [one, other] = [new World(), new World()];
        for (const each of same) one.happen(each);
        const shuffled = same.map((each) => [order.next().value, each] as const).sort((a, b) => a[0] - b[0]);
        for (const [, each] of shuffled) {
          other.happen(each);
          if (runs.next().value) other.run();
        }
        settle(one);
        settle(other);
        expect(sorted(other.picture())).toBe(sorted(one.picture()));
      }),
    );
  });

  it("leaves everything of networking-vpp's and of others as it was", () => {
    fc.assert(
      fc.property(life, (events) => {
        const world = new World();
        for (const each of events) world.happen(each);
        const { state } = world.vpp;
        const isForeign = (index: number) => state.interfaces.get(index)?.tag.startsWith('net-vpp.') === true;
        const foreign = () => ({
          interfaces: [...state.interfaces.all()].filter((each) => each.tag !== '' && !each.tag.startsWith('taas.')),
          domain: [...(state.bridgeDomains.get(10)?.members ?? [])],
          spans: [...state.spans.all()]
            .filter(({ from, to, orphan }) => isForeign(from) && isForeign(to) && !orphan)
            .map(({ from, to, state: span }) => [from, to, span]),
        });
        const before = foreign();
        settle(world);
        expect(sorted(foreign())).toBe(sorted(before));
      }),
    );
  });
});
