import { beforeEach, describe, expect, it } from 'vitest';
import type { NodeFacts } from './node-facts.js';
import { noOverload } from './plan/overload.js';
import { planNode } from './plan/plan-node.js';
import { verify } from './plan/verify.js';
import type { Step } from './steps.js';
import { facts, flow, flowId, mirror, mirrorId, portId, service } from './testing/records.js';
import { VppDouble } from './testing/vpp-double.js';
import { Wanted } from './wanted/wanted.js';

const target = (n: number) => `taas.flow:${flowId(n)}`;

class Node {
  readonly vpp = new VppDouble();
  readonly wanted = new Wanted();
  facts: NodeFacts = { ...facts, policedKbps: 1000 };
  readonly source: number;
  #revision = 1;

  constructor() {
    this.vpp.addDomain(10, 'theirs');
    for (const port of [1, 3]) this.vpp.join(this.vpp.addPort(portId(port)), 10);
    this.source = [...this.vpp.state.interfaces.by('tag', `net-vpp.port:${portId(1)}`)][0]?.index ?? -1;
    this.wanted.setService({ record: service(1, 3), revision: 1 });
  }

  want(n: number, more: Parameters<typeof flow>[3] = {}): void {
    this.wanted.setFlow({ record: flow(n, 1, 1, more), revision: ++this.#revision });
  }

  run(): Step[] {
    this.vpp.steps = [];
    expect([...this.vpp.execute(planNode(this.wanted, this.vpp.state, this.facts))]).toEqual([]);
    return this.vpp.steps;
  }

  kinds(): string[] {
    return this.run().map(({ kind }) => kind);
  }

  loopback(n: number): number {
    return [...this.vpp.state.interfaces.by('tag', target(n))][0]?.index ?? -1;
  }

  copied(n: number): number {
    return this.vpp.state.spans.state(this.source, this.loopback(n));
  }

  status(id: string): string {
    const found = verify(planNode(this.wanted, this.vpp.state, this.facts)).find((each) => each.id === id);
    return `${found?.status} ${found?.reason}`.trim();
  }
}

let node: Node;
beforeEach(() => {
  node = new Node();
});

describe('a budget for each flow', () => {
  it('puts a policer on the loopback before anything is mirrored to it', () => {
    node.want(1);
    const kinds = node.kinds();
    const police = kinds.indexOf('attach-policer');
    expect(kinds.slice(police - 2, police)).toEqual(['create-policer', 'create-policing']);
    expect(kinds.indexOf('set-span')).toBeGreaterThan(police);
    expect(node.status(flowId(1))).toBe('ACTIVE');
    expect(node.kinds()).toEqual([]);
  });

  it('is changed in place, and what is copied goes on', () => {
    node.want(1);
    node.run();
    node.facts = { ...node.facts, policedKbps: 5000 };
    expect(node.status(flowId(1))).toMatch(/^ERROR not in place in VPP, still to do: change policer/);
    expect(node.kinds()).toEqual(['update-policer']);
    expect(node.vpp.state.policers.get(target(1))?.kbps).toBe(5000);
    node.facts = facts;
    node.run();
    expect([...node.vpp.state.policers.all()]).toEqual([]);
    expect(node.loopback(1)).toBe(-1);
    expect(node.status(flowId(1))).toBe('ACTIVE');
  });

  it('is put in place again when VPP lists a policer that it has switched off', () => {
    node.want(1);
    node.run();
    const domain = node.vpp.state.memberships.get(node.loopback(1))?.bridgeDomain ?? 0;
    node.vpp.toLayer3(node.loopback(1));
    node.vpp.join(node.loopback(1), domain, 1);
    expect(node.status(flowId(1))).toMatch(/^ERROR not in place in VPP, still to do: police/);
    expect(node.kinds()).toEqual(['detach-policer', 'attach-policer']);
    expect(node.status(flowId(1))).toBe('ACTIVE');
  });

  it('leaves its policing to nobody: what another got with the index goes', () => {
    node.want(1);
    node.run();
    const loopback = node.loopback(1);
    const policing = node.vpp.state.policings.get(loopback);
    node.vpp.remove(loopback);
    node.wanted.deleteFlow(flowId(1));
    expect(node.vpp.addPort(portId(7))).toBe(loopback);
    if (policing) node.vpp.state.policings.put(loopback, policing);
    // The table is listed with whoever has the index, so it is none that lies about.
    node.vpp.state.spareClassifiers.replace([]);
    node.run();
    node.run();
    expect([...node.vpp.state.policings.keys()]).toEqual([]);
    expect([...node.vpp.state.policers.all()]).toEqual([]);
    expect([...node.vpp.state.spareClassifiers.keys()]).toEqual([]);
  });

  it('is for each leg of a tap mirror too, and goes with it', () => {
    const record = mirror(1, 1, { directions: { IN: 1, OUT: 2 } });
    node.wanted.mirrors.set({ record, revision: 9 });
    node.run();
    const names = [...node.vpp.state.policers.all()].map(({ name }) => name).sort();
    expect(names).toEqual([`taas.mirror:${mirrorId(1)}/IN`, `taas.mirror:${mirrorId(1)}/OUT`]);
    node.wanted.mirrors.delete(mirrorId(1));
    node.run();
    expect([...node.vpp.state.policers.all()]).toEqual([]);
    expect([...node.vpp.state.spareClassifiers.keys()]).toEqual([]);
  });

  it('counts a packet once where several flows ask for it: one of them copies for all', () => {
    node.want(2, { direction: 'OUT' });
    node.want(1, { direction: 'BOTH' });
    node.want(3, { direction: 'IN' });
    node.run();
    expect([1, 2, 3].map((n) => node.copied(n))).toEqual([3, 0, 0]);
  });
});

describe('a flow over its budget', () => {
  const over = (kind: 'thinned' | 'suspended', n: number) => {
    node.facts = { ...node.facts, overload: { ...noOverload, [kind]: new Map([[target(n), `${kind}: why`]]) } };
  };

  it('is ACTIVE with a warning while it is thinned, and so is whoever relies on its copies', () => {
    for (const n of [1, 2]) node.want(n);
    node.want(3, { direction: 'BOTH', filter: [{ action: 'accept', ethertype: 0x806 }] });
    node.run();
    over('thinned', 1);
    expect(node.kinds()).toEqual([]);
    for (const n of [1, 2, 3]) expect(node.status(flowId(n))).toBe('ACTIVE thinned: why');
    node.facts = { ...node.facts, overload: noOverload };
    for (const n of [1, 2, 3]) expect(node.status(flowId(n))).toBe('ACTIVE');
  });

  it('is not copied while it is suspended, is ERROR with the reason, and comes back', () => {
    node.want(1);
    node.want(2, { direction: 'IN' });
    node.run();
    over('suspended', 1);
    expect(node.kinds()).toEqual(['check-port', 'set-span']);
    expect(node.copied(1)).toBe(0);
    // Its packets do not come in by another flow's loopback instead.
    expect(node.copied(2)).toBe(0);
    for (const n of [1, 2]) expect(node.status(flowId(n))).toBe('ERROR suspended: why');
    node.facts = { ...node.facts, overload: noOverload };
    expect(node.kinds()).toEqual(['check-port', 'set-span']);
    expect(node.copied(1)).toBe(3);
    for (const n of [1, 2]) expect(node.status(flowId(n))).toBe('ACTIVE');
  });

  it('stops a leg of a tap mirror alone', () => {
    node.wanted.mirrors.set({ record: mirror(1, 1, { directions: { IN: 1, OUT: 2 } }), revision: 9 });
    node.run();
    const tag = `taas.mirror:${mirrorId(1)}/IN`;
    node.facts = { ...node.facts, overload: { ...noOverload, suspended: new Map([[tag, 'suspended: why']]) } };
    node.run();
    expect(node.vpp.state.spans.from(node.source).map(({ state }) => state)).toEqual([1]);
    expect(node.kinds()).toEqual([]);
  });
});
