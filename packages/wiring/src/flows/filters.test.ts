import type { FilterRule } from '@taas/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputAcls } from '../objects/acl.js';
import { sameClassifier } from '../objects/frame-classifier.js';
import { featureBits } from '../objects/layer2-features.js';
import { planNode } from '../plan/plan-node.js';
import { verify } from '../plan/verify.js';
import type { Step } from '../steps.js';
import { facts, flow, flowId, portId, service } from '../testing/records.js';
import { Refused, VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';
import { flowFilter, sameRules } from './flow-filter.js';

const dns: FilterRule = { action: 'accept', protocol: 17, destination_ports: [53, 53] };
const arp: FilterRule = { action: 'accept', ethertype: 0x806 };
const noArp: FilterRule[] = [{ action: 'reject', ethertype: 0x806 }, { action: 'accept' }];

interface Asked {
  readonly filter: FilterRule[];
  readonly vlan_filter: string | null;
}

class Node {
  readonly vpp = new VppDouble();
  readonly wanted = new Wanted();
  #revision = 1;

  constructor() {
    this.vpp.addDomain(10, 'theirs');
    for (const port of [1, 3]) this.vpp.join(this.vpp.addPort(portId(port)), 10);
    this.wanted.setService({ record: service(1, 3), revision: 1 });
  }

  want(asked: Partial<Asked>): void {
    this.wanted.setFlow({ record: flow(1, 1, 1, asked), revision: ++this.#revision });
  }

  run(): Step[] {
    this.vpp.steps = [];
    this.vpp.execute(planNode(this.wanted, this.vpp.state, facts));
    return this.vpp.steps;
  }

  kinds(): string[] {
    return this.run().map(({ kind }) => kind);
  }

  get loopback(): number {
    return [...this.vpp.state.interfaces.by('tag', `taas.flow:${flowId(1)}`)][0]?.index ?? -1;
  }

  status(): string {
    const found = verify(planNode(this.wanted, this.vpp.state, facts)).find(({ id }) => id === flowId(1));
    return `${found?.status} ${found?.reason}`.trim();
  }

  /** Whether the loopback lets through exactly what was asked. */
  filters({ filter, vlan_filter }: Asked): boolean {
    const { state } = this.vpp;
    // Without a filter it has no loopback of its own: its copies come in with those of others.
    if (filter.length === 0 && vlan_filter === null) return this.loopback === -1;
    const wanted = flowFilter({ filter, vlan_filter }).value;
    const bits = state.features.get(this.loopback)?.input ?? 0;
    const acls = inputAcls(this.loopback, state).flatMap((index) => state.acls.get(index) ?? []);
    const rules = (bits & featureBits.inputAcl) === 0 ? [] : (acls[0]?.rules ?? []);
    const types = rules.length === 0 ? [] : (state.etherTypes.get(this.loopback) ?? []);
    const attached = state.classifiers.get(this.loopback)?.classifier ?? null;
    const classifier = (bits & featureBits.inputClassifier) === 0 ? null : attached;
    return (
      wanted !== undefined &&
      sameRules(rules, wanted.rules) &&
      types.join() === wanted.etherTypes.join() &&
      sameClassifier(classifier, wanted.classifier)
    );
  }
}

const asked = fc.record<Asked>({
  filter: fc.constantFrom([], [dns], [dns, arp], noArp, [{ action: 'reject' } as const]),
  vlan_filter: fc.constantFrom(null, '5', '1-10,15'),
});

describe('a flow with filters', () => {
  it('never copies past its filter, whatever was there before and wherever VPP refuses', () => {
    const accident = fc.constantFrom('none', 'layer 3', 'deleted', 'domain');
    fc.assert(
      fc.property(fc.array(fc.tuple(asked, accident, fc.nat(12)), { minLength: 1, maxLength: 6 }), (changes) => {
        const node = new Node();
        let old: Asked | null = null;
        for (const [now, what, refusedStep] of changes) {
          const before = old;
          // Nobody can look while somebody else takes a loopback of ours out of its domain; from there on we do.
          if (what === 'layer 3' && node.loopback >= 0) node.vpp.toLayer3(node.loopback);
          if (what === 'deleted' && node.loopback >= 0) node.vpp.remove(node.loopback);
          if (what === 'domain')
            for (const domain of [...node.vpp.state.bridgeDomains.all()])
              if (domain.tag.startsWith('taas.'))
                node.vpp.state.bridgeDomains.put(domain.id, { ...domain, tag: 'lost' });
          node.want(now);
          let left = refusedStep;
          node.vpp.refuse = (step) => {
            const copies = node.vpp.state.spans.to(node.loopback).length > 0;
            const inBridge = node.vpp.state.memberships.get(node.loopback) !== undefined;
            if (copies && inBridge && what === 'none' && before)
              expect(node.filters(before) || node.filters(now), `before ${step.kind}`).toBe(true);
            return left-- === 0;
          };
          node.run();
          node.vpp.refuse = () => false;
          node.run();
          node.run();
          expect(node.status()).toBe('ACTIVE');
          expect(node.filters(now)).toBe(true);
          expect(node.run()).toEqual([]);
          expect([...node.vpp.state.spareClassifiers.keys()]).toEqual([]);
          old = now;
        }
        node.wanted.deleteFlow(flowId(1));
        node.run();
        expect([...node.vpp.state.acls.all()]).toEqual([]);
        expect([...node.vpp.state.spareClassifiers.keys()]).toEqual([]);
        expect([...node.vpp.state.etherTypes.keys()]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('changes rules for IP without a gap, and anything else with the mirror off', () => {
    const node = new Node();
    node.want({ filter: [dns] });
    node.run();
    node.want({ filter: [{ ...dns, destination_ports: [53, 54] }] });
    expect(node.kinds()).toEqual(['replace-acl']);
    node.want({ filter: [{ ...dns, destination_ports: [53, 54] }, arp] });
    expect(node.kinds()).toEqual(['set-span', 'set-ether-types', 'check-port', 'set-span']);
    node.want({ vlan_filter: '5' });
    expect(node.kinds()).toEqual([
      ...['set-span', 'bind-acls', 'set-ether-types', 'delete-acl', 'create-classifier', 'attach-classifier'],
      ...['check-port', 'set-span'],
    ]);
  });

  it('is put in place again when VPP lists a filter that it has switched off', () => {
    const node = new Node();
    node.want({ filter: [dns], vlan_filter: '5' });
    node.run();
    const domain = node.vpp.state.memberships.get(node.loopback)?.bridgeDomain ?? 0;
    node.vpp.toLayer3(node.loopback);
    node.vpp.join(node.loopback, domain, 1);
    expect(node.status()).toMatch(/^ERROR not in place/);
    expect(node.kinds()[0]).toBe('set-span');
    expect(node.status()).toBe('ACTIVE');
  });

  it('leaves its filters to nobody: what another got with the index goes', () => {
    const node = new Node();
    node.want({ filter: [dns], vlan_filter: '5' });
    node.run();
    const { loopback } = node;
    node.vpp.remove(loopback);
    node.vpp.state.etherTypes.put(loopback, [0x800]);
    node.wanted.deleteFlow(flowId(1));
    expect(node.vpp.addPort(portId(7))).toBe(loopback);
    node.run();
    expect([...node.vpp.state.etherTypes.keys()]).toEqual([]);
    expect([...node.vpp.state.spareClassifiers.keys()]).toEqual([]);
  });

  it('has a reason for a filter that VPP cannot do exactly, and copies nothing', () => {
    const node = new Node();
    node.want({});
    node.run();
    node.want({ vlan_filter: '5,4096' });
    node.run();
    expect(node.status()).toMatch(/^ERROR vlan_filter 4096 names VLANs above 4095/);
    expect(node.loopback).toBe(-1);
  });
});

describe('a trunk', () => {
  function trunk() {
    const node = new Node();
    const subports = [5, 6].map((vlan) => {
      const match = { outer: vlan, match: 'exact' } as const;
      const tag = `net-vpp.port:${portId(0x50 + vlan)}`;
      const index = node.vpp.addInterface({ name: `port.${vlan}`, tag, supIndex: 1, subId: vlan, vlan: match });
      node.vpp.join(index, 10);
      return index;
    });
    return { node, subports };
  }

  it('is mirrored with the subports that the VLAN filter names, each as long as it is that port', () => {
    const { node, subports } = trunk();
    node.want({ vlan_filter: '6-9' });
    node.run();
    const sources = () =>
      node.vpp.state.spans
        .to(node.loopback)
        .map(({ from }) => from)
        .sort((a, b) => a - b);
    expect(sources()).toEqual([1, subports[1]]);
    node.want({ vlan_filter: '5-6' });
    node.run();
    expect(sources()).toEqual([1, ...subports]);
    node.vpp.toLayer3(subports[0] ?? 0);
    node.vpp.join(subports[0] ?? 0, 10);
    expect(node.status()).toMatch(/^ERROR/);
    node.run();
    expect(node.status()).toBe('ACTIVE');
    node.want({});
    node.run();
    expect(node.vpp.state.spans.from(1).length).toBe(1);
    for (const subport of subports) expect(node.vpp.state.spans.from(subport).length).toBe(0);
  });

  it('gives a subport that is a source only what is its own', () => {
    const { node, subports } = trunk();
    node.wanted.setFlow({ record: flow(1, 1, 0x55), revision: 9 });
    node.run();
    expect(Array.from(node.vpp.state.spans.all(), ({ from }) => from)).toEqual([subports[0]]);
    expect(node.status()).toBe('ACTIVE');
  });

  it('refuses to mirror a subport that has become another port meanwhile', () => {
    const { node, subports } = trunk();
    node.want({ vlan_filter: '5' });
    const plan = planNode(node.wanted, node.vpp.state, facts);
    const [first = 0] = subports;
    const entry = node.vpp.state.interfaces.get(first);
    if (entry) node.vpp.state.interfaces.put(entry.index, { ...entry, tag: `net-vpp.port:${portId(0x77)}` });
    expect([...node.vpp.execute(plan).values()].join()).toMatch(/is not port/);
    expect(() => node.vpp.apply({ kind: 'check-port', port: portId(0x55), index: first })).toThrow(Refused);
  });
});
