import fc from 'fast-check';
import type { NodeFacts } from '../node-facts.js';
import type { ActualPolicing } from '../objects/policer.js';
import { planNode } from '../plan/plan-node.js';
import { Wanted } from '../wanted/wanted.js';
import { facts, flow, flowId, mirror, mirrorId, portId, service, serviceId } from './records.js';
import { VppDouble } from './vpp-double.js';

const n = fc.integer({ min: 1, max: 4 });
const sources = { wired: fc.boolean(), policed: fc.boolean() };
const direction = fc.constantFrom('IN' as const, 'OUT' as const, 'BOTH' as const);
const target = fc.constantFrom({ type: 'local' as const }, { type: 'vlan' as const, physnet: 'p', vlan: 7, mtu: null });

/** Whatever may happen to a node. */
export const event = fc.oneof(
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
export type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

const receipts = { type: 'vxlan', local: '10.0.0.1', remote: '10.0.0.9', vni: 7 } as const;

/** A node to which it happens: what is wanted of it, and VPP's state. */
export class ChangingNode {
  readonly vpp = new VppDouble();
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
    // A table that looked unused meanwhile is in use again.
    this.vpp.listSpare();
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
}
