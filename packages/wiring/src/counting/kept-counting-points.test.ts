import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeFacts } from '../node-facts.js';
import type { ActualPolicing } from '../objects/policer.js';
import { planNode } from '../plan/plan-node.js';
import { facts, flow, flowId, mirror, mirrorId, portId, service, serviceId } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';
import { countingPoints } from './counting-points.js';
import { KeptCountingPoints } from './kept-counting-points.js';

const n = fc.integer({ min: 1, max: 4 });
const sources = { wired: fc.boolean(), policed: fc.boolean() };
const direction = fc.constantFrom('IN' as const, 'OUT' as const, 'BOTH' as const);
const target = fc.constantFrom({ type: 'local' as const }, { type: 'vlan' as const, physnet: 'p', vlan: 7, mtu: null });

const event = fc.oneof(
  fc.record({ do: fc.constant('service' as const), n, port: n, removed: fc.boolean(), receipts: fc.boolean() }),
  // The tunnel that receipts come by is another one, or that one again.
  fc.record({ do: fc.constant('tunnel' as const), vni: fc.constantFrom(7, 8) }),
  fc.record({
    ...{ do: fc.constant('flow' as const), n, of: n, port: n, direction, target },
    ...{ removed: fc.boolean(), filtered: fc.boolean() },
  }),
  fc.record({ do: fc.constant('mirror' as const), n, port: n, removed: fc.boolean() }),
  fc.record({ do: fc.constantFrom('no-service' as const, 'no-flow' as const, 'no-mirror' as const), n }),
  fc.record({ do: fc.constantFrom('unreadable-service' as const, 'unreadable-flow' as const), n }),
  fc.record({ do: fc.constant('told-anew' as const) }),
  fc.record({ do: fc.constant('plan' as const), policed: sources.policed }),
  fc.record({ do: fc.constantFrom('plug' as const, 'plug-untagged' as const, 'unplug' as const), n }),
  fc.record({
    do: fc.constant('tag' as const),
    pick: fc.nat(40),
    tag: fc.constantFrom('', `net-vpp.port:${portId(1)}`),
  }),
  fc.record({ do: fc.constantFrom('delete' as const, 'rename' as const, 'layer-3' as const), pick: fc.nat(40) }),
  fc.record({ do: fc.constant('subport' as const), pick: fc.nat(40) }),
  fc.record({
    ...{ do: fc.constant('span' as const), pick: fc.nat(40), to: fc.nat(40) },
    state: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
  }),
  fc.record({ do: fc.constant('police' as const), pick: fc.nat(40), index: fc.integer({ min: -1, max: 3 }) }),
  fc.record({ do: fc.constant('poll' as const) }),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

const receipts = { type: 'vxlan', local: '10.0.0.1', remote: '10.0.0.9', vni: 7 } as const;

class World {
  readonly vpp = new VppDouble();
  readonly kept = new KeptCountingPoints(this.vpp.state);
  wanted = new Wanted();
  #revision = 0;
  /** What stood where the double knows nothing of what we have put: plans are made without. */
  readonly #policed = new Map<number, ActualPolicing | undefined>();

  constructor() {
    this.vpp.addDomain(10);
    const uplink = this.vpp.addInterface({ name: 'uplink', tag: 'net-vpp.physnet:p' });
    this.vpp.join(uplink, 10);
    this.vpp.state.routes.put(receipts.remote, { to: 'interface', index: uplink });
    for (const port of [1, 2, 3]) this.vpp.join(this.vpp.addPort(portId(port)), 10);
  }

  /** An interface, whichever; undefined: there is none. */
  #pick(at: number): number | undefined {
    const all = [...this.vpp.state.interfaces.keys()];
    return all[at % Math.max(1, all.length)];
  }

  happen(each: Event): void {
    const { vpp, wanted } = this;
    const { interfaces, spans, policings } = vpp.state;
    const revision = ++this.#revision;
    const gone = <T extends object>(removed: boolean, record: T) => (removed ? { ...record, removed: true } : record);
    switch (each.do) {
      case 'service':
        wanted.setService({
          record: gone(each.removed, service(each.n, each.port, each.receipts ? { receipts } : {})),
          revision,
        });
        return;
      case 'flow': {
        const filter = each.filtered ? [{ action: 'accept' as const, ethertype: 0x0800 }] : [];
        const { direction, target } = each;
        const record = flow(each.n, each.of, each.port, { direction, target, filter });
        wanted.setFlow({ record: gone(each.removed, record), revision });
        return;
      }
      case 'mirror':
        wanted.mirrors.set({ record: gone(each.removed, mirror(each.n, each.port)), revision });
        return;
      case 'no-service':
        wanted.deleteService(serviceId(each.n));
        return;
      case 'no-flow':
        wanted.deleteFlow(flowId(each.n));
        return;
      case 'no-mirror':
        wanted.mirrors.delete(mirrorId(each.n));
        return;
      case 'unreadable-service':
        wanted.setUnreadableService(serviceId(each.n));
        return;
      case 'unreadable-flow':
        wanted.setUnreadableFlow(flowId(each.n));
        return;
      case 'told-anew':
        this.#toldAnew();
        return;
      case 'plan':
        this.#plan(each.policed ? { ...facts, policedKbps: 1000 } : facts);
        return;
      case 'plug':
        vpp.join(vpp.addPort(portId(each.n)), 10);
        return;
      case 'plug-untagged':
        vpp.join(vpp.addInterface({ name: `vhost${revision}`, socket: `/run/${portId(each.n)}` }), 10);
        return;
      case 'unplug':
        for (const { index } of interfaces.by('tag', `net-vpp.port:${portId(each.n)}`)) vpp.remove(index);
        return;
      case 'poll':
        this.#poll();
        return;
      case 'tunnel':
        for (const tunnel of [...vpp.state.vxlans.all()])
          vpp.state.vxlans.put(tunnel.index, { ...tunnel, vni: each.vni });
        return;
    }
    const index = this.#pick(each.pick);
    const entry = index === undefined ? undefined : interfaces.get(index);
    if (index === undefined || !entry) return;
    if (each.do === 'tag') interfaces.put(index, { ...entry, tag: each.tag });
    if (each.do === 'rename') interfaces.put(index, { ...entry, name: `${entry.name}x` });
    if (each.do === 'delete') vpp.remove(index);
    if (each.do === 'layer-3') vpp.toLayer3(index);
    if (each.do === 'subport')
      vpp.addInterface({ name: `${entry.name}.${revision}`, supIndex: index, subId: revision });
    if (each.do === 'span') spans.put(index, this.#pick(each.to) ?? index, each.state);
    if (each.do === 'police') {
      const policer = each.index < 0 ? null : { index: each.index, name: `taas.${each.index}` };
      if (!this.#policed.has(index)) this.#policed.set(index, policings.get(index));
      policings.put(index, { table: 1, isOurs: true, policer });
    }
  }

  /** Another snapshot of the store: the same records, as other objects. */
  #toldAnew(): void {
    const before = this.wanted;
    this.wanted = new Wanted();
    for (const each of before.services()) this.wanted.setService({ ...each });
    for (const each of before.flows()) this.wanted.setFlow({ ...each });
    for (const each of before.mirrors.all()) this.wanted.mirrors.set({ ...each });
  }

  #plan(node: NodeFacts): void {
    for (const [index, policing] of this.#policed)
      if (policing) this.vpp.state.policings.put(index, policing);
      else this.vpp.state.policings.delete(index);
    this.#policed.clear();
    this.vpp.execute(planNode(this.wanted, this.vpp.state, node));
  }

  /** VPP says again what is known. */
  #poll(): void {
    const { interfaces, features, spans } = this.vpp.state;
    for (const entry of [...interfaces.all()]) interfaces.put(entry.index, { ...entry });
    for (const index of [...features.keys()]) {
      const bits = features.get(index);
      features.put(index, bits ? { ...bits } : null);
    }
    spans.replace([...spans.all()].map(({ from, to, state }) => [from, to, state]));
  }

  /** Interfaces that have something to do with counting, as whoever counts tells them apart. */
  births(): string {
    const { interfaces } = this.vpp.state;
    return JSON.stringify(
      this.kept
        .all(this.wanted)
        .map(({ mirrors, entries, out }) =>
          [
            ...mirrors.flatMap(({ from, to }) => [from, to]),
            ...entries.map(({ index }) => index),
            ...out.map(({ index }) => index),
          ].map((index) => [interfaces.birthOf(index), interfaces.get(index)?.name, interfaces.get(index)?.tag]),
        ),
    );
  }
}

describe('counting points that are kept', () => {
  it('are those that would be found anew, whatever has happened', () => {
    const plan: Event = { do: 'plan', policed: false };
    const wired: Event[] = [
      { do: 'service', n: 1, port: 2, removed: false, receipts: true },
      {
        do: 'flow',
        n: 1,
        of: 1,
        port: 1,
        direction: 'BOTH',
        target: { type: 'local' },
        removed: false,
        filtered: false,
      },
      { do: 'flow', n: 2, of: 1, port: 3, direction: 'IN', target: { type: 'local' }, removed: false, filtered: true },
      { do: 'mirror', n: 1, port: 1, removed: false },
      plan,
    ];
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 30 }), (events) => {
        const world = new World();
        for (const each of [...wired, ...events]) {
          world.happen(each);
          const [kept, births] = [world.kept.all(world.wanted), world.births()];
          expect(kept).toEqual([...countingPoints(world.wanted, world.vpp.state)]);
          // A list that is still the same names the same interfaces.
          world.happen({ do: 'poll' });
          if (world.kept.all(world.wanted) === kept) expect(world.births()).toBe(births);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('are the same objects while polls say the same, and for the taps that are not concerned', () => {
    const world = new World();
    for (const each of [1, 2]) {
      world.happen({ do: 'service', n: each, port: 4 - each, removed: false, receipts: false });
      const rest = { direction: 'BOTH', target: { type: 'local' }, removed: false, filtered: false } as const;
      world.happen({ do: 'flow', n: each, of: each, port: each, ...rest });
    }
    world.wanted.deleteFlow(flowId(2));
    world.wanted.setFlow({ record: flow(2, 2, 4), revision: 9 });
    world.happen({ do: 'plug', n: 4 });
    world.happen({ do: 'plan', policed: false });
    const before = world.kept.all(world.wanted);
    world.happen({ do: 'poll' });
    expect(world.kept.all(world.wanted)).toBe(before);
    const [source] = world.vpp.state.interfaces.by('tag', `net-vpp.port:${portId(4)}`);
    world.vpp.toLayer3(source?.index ?? -1);
    const after = world.kept.all(world.wanted);
    const isSame = after.map((points) => [points.id, before.includes(points)]);
    expect(new Map(isSame as [string, boolean][])).toEqual(
      new Map([
        [flowId(1), true],
        [flowId(2), false],
        [serviceId(1), true],
        [serviceId(2), false],
      ]),
    );
  });

  it('are found anew when another interface has the index of one that they name, though it looks the same', () => {
    const world = new World();
    world.happen({ do: 'service', n: 1, port: 2, removed: false, receipts: false });
    const before = world.kept.all(world.wanted);
    const { interfaces, features } = world.vpp.state;
    const [port] = interfaces.by('tag', `net-vpp.port:${portId(2)}`);
    if (!port) throw new Error('there is no port');
    interfaces.delete(port.index);
    interfaces.put(port.index, port);
    features.put(port.index, null);
    expect(world.kept.all(world.wanted)).not.toBe(before);
  });
});
