import { describe, expect, it } from 'vitest';
import { listMark } from '../flows/flow-filter.js';
import { describeStep } from '../steps.js';
import { facts, flow, flowId, portId, service, serviceId } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';
import { planNode, planTaps } from './plan-node.js';
import { verify } from './verify.js';

function node() {
  const vpp = new VppDouble();
  vpp.addDomain(10);
  for (const n of [1, 2, 3]) vpp.join(vpp.addPort(portId(n)), 10);
  const uplink = vpp.addInterface({ name: 'eth0', tag: 'net-vpp.physnet:phys1' });
  return { vpp, wanted: new Wanted(), uplink, source: 1, other: 2, collector: 3 };
}

const plan = (vpp: VppDouble, wanted: Wanted) => planNode(wanted, vpp.state, facts);
const text = (vpp: VppDouble, wanted: Wanted) =>
  plan(vpp, wanted).sequences.flatMap(({ steps }) => steps.map(describeStep));
const statuses = (vpp: VppDouble, wanted: Wanted, failures?: Map<string, string>) =>
  Object.fromEntries(verify(plan(vpp, wanted), failures).map((v) => [v.id, `${v.status} ${v.reason}`.trim()]));

function local(wanted: Wanted): void {
  wanted.setService({ record: service(1, 3), revision: 5 });
  wanted.setFlow({ record: flow(1, 1, 1, { direction: 'IN' }), revision: 6 });
}

describe('a local tap', () => {
  it('is wired in an order in which nothing is mirrored before it has somewhere to go', () => {
    const { vpp, wanted } = node();
    local(wanted);
    expect(text(vpp, wanted)).toEqual([
      `create bridge domain 8388608 tagged taas.service:${serviceId(1)}`,
      `check that interface 3 is port ${portId(3)}`,
      `create collector:${serviceId(1)}: VLAN 4095 with VLAN 4094 within on interface 3`,
      `tag collector:${serviceId(1)} as taas.collector:${serviceId(1)}`,
      `put collector:${serviceId(1)} into bridge domain 8388608, split-horizon group 2`,
      `drop what comes in by collector:${serviceId(1)}`,
      `set collector:${serviceId(1)} up`,
      `check that interface 3 is port ${portId(3)}`,
      `create unicast:${serviceId(1)}: VLAN 4095 with VLAN 4093 within on interface 3`,
      `tag unicast:${serviceId(1)} as taas.unicast:${serviceId(1)}`,
      `put unicast:${serviceId(1)} into bridge domain 8388608, split-horizon group 1`,
      `drop what comes in by unicast:${serviceId(1)}`,
      `set unicast:${serviceId(1)} up`,
      `send the unicast of bridge domain 8388608 out by unicast:${serviceId(1)} alone, split-horizon group 2`,
      `drop what comes in by unicast:${serviceId(1)}`,
      expect.stringMatching(`^create entry:${serviceId(1)} with MAC address 02:74:61:`),
      `tag entry:${serviceId(1)} as taas.entry:${serviceId(1)}`,
      `put entry:${serviceId(1)} into bridge domain 8388608, split-horizon group 1`,
      `set entry:${serviceId(1)} up`,
      `check that interface 1 is port ${portId(1)}`,
      `mirror interface 1 to entry:${serviceId(1)}: tx`,
    ]);
  });

  it('is ACTIVE when it stands, and a second plan has nothing to do', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.execute(plan(vpp, wanted));
    expect(text(vpp, wanted)).toEqual([]);
    expect(statuses(vpp, wanted)).toEqual({ [serviceId(1)]: 'ACTIVE', [flowId(1)]: 'ACTIVE' });
  });

  it('is taken away in an order in which nothing is mirrored to an index that is free', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.execute(plan(vpp, wanted));
    wanted.setService({ record: service(1, 3, { removed: true }), revision: 7 });
    wanted.setFlow({ record: flow(1, 1, 1, { removed: true }), revision: 7 });
    vpp.steps = [];
    vpp.execute(plan(vpp, wanted));
    const kinds = vpp.steps.map((step) => step.kind);
    expect(kinds.indexOf('set-span')).toBeLessThan(kinds.indexOf('delete-loopback'));
    expect(kinds.at(-1)).toBe('delete-bridge-domain');
    expect(statuses(vpp, wanted)).toEqual({ [serviceId(1)]: 'REMOVED', [flowId(1)]: 'REMOVED' });
    expect([...vpp.state.interfaces.all()].map((each) => each.index)).toEqual([1, 2, 3, 4]);
  });
});

describe('several flows of one source and service', () => {
  const mirrors = (vpp: VppDouble) =>
    vpp.state.spans
      .from(1)
      .map(({ state }) => state)
      .sort();

  it('copy each packet once between them, and take over when one goes', () => {
    const { vpp, wanted } = node();
    wanted.setService({ record: service(1, 3), revision: 5 });
    wanted.setFlow({ record: flow(2, 1, 1, { direction: 'OUT' }), revision: 6 });
    vpp.execute(plan(vpp, wanted));
    expect(mirrors(vpp)).toEqual([1]);
    wanted.setFlow({ record: flow(1, 1, 1, { direction: 'BOTH' }), revision: 7 });
    vpp.execute(planTaps({ services: [], flows: [flowId(1)], mirrors: [] }, wanted, vpp.state, facts));
    expect(mirrors(vpp)).toEqual([3]);
    expect(text(vpp, wanted)).toEqual([]);
    expect(statuses(vpp, wanted)).toMatchObject({ [flowId(1)]: 'ACTIVE', [flowId(2)]: 'ACTIVE' });
    wanted.setFlow({ record: flow(1, 1, 1, { direction: 'BOTH', removed: true }), revision: 8 });
    vpp.execute(planTaps({ services: [], flows: [flowId(1)], mirrors: [] }, wanted, vpp.state, facts));
    expect(mirrors(vpp)).toEqual([1]);
  });

  it('a flow that all is copied for already has nothing to mirror, and is ACTIVE', () => {
    const { vpp, wanted } = node();
    wanted.setService({ record: service(1, 3), revision: 5 });
    wanted.setFlow({ record: flow(1, 1, 1, { direction: 'BOTH' }), revision: 6 });
    wanted.setFlow({ record: flow(2, 1, 1, { direction: 'OUT' }), revision: 6 });
    vpp.execute(plan(vpp, wanted));
    expect(mirrors(vpp)).toEqual([3]);
    expect(statuses(vpp, wanted)[flowId(2)]).toBe('ACTIVE');
  });

  it('a flow without a filter copies for those that have one, and a filtered one for its like alone', () => {
    const { vpp, wanted } = node();
    wanted.setService({ record: service(1, 3), revision: 5 });
    const filter = [{ action: 'accept' as const, protocol: 17 }];
    wanted.setFlow({ record: flow(1, 1, 1, { direction: 'OUT', filter }), revision: 6 });
    wanted.setFlow({ record: flow(2, 1, 1, { direction: 'OUT' }), revision: 6 });
    vpp.execute(plan(vpp, wanted));
    expect(mirrors(vpp)).toEqual([1]);
    expect(statuses(vpp, wanted)).toMatchObject({ [flowId(1)]: 'ACTIVE', [flowId(2)]: 'ACTIVE' });
    wanted.setFlow({ record: flow(2, 1, 1, { direction: 'OUT', filter, vlan_filter: '5' }), revision: 7 });
    wanted.setFlow({ record: flow(3, 1, 1, { direction: 'BOTH', filter }), revision: 7 });
    vpp.execute(plan(vpp, wanted));
    expect(mirrors(vpp)).toEqual([1, 1, 2]);
  });
});

describe('what is not ours to make', () => {
  it('a port that is not there yet', () => {
    const { vpp, wanted } = node();
    wanted.setService({ record: service(1, 3), revision: 5 });
    wanted.setFlow({ record: flow(1, 1, 9), revision: 6 });
    vpp.execute(plan(vpp, wanted));
    expect(statuses(vpp, wanted)[flowId(1)]).toBe(`PENDING port ${portId(9)} is not on this node yet`);
    vpp.join(vpp.addPort(portId(9)), 10);
    vpp.execute(plan(vpp, wanted));
    expect(statuses(vpp, wanted)[flowId(1)]).toBe('ACTIVE');
  });

  it('a source that is not in layer 2: nothing is asked, since VPP would take it and copy nothing', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.toLayer3(1);
    expect(text(vpp, wanted).filter((line) => line.startsWith('mirror'))).toEqual([]);
    vpp.execute(plan(vpp, wanted));
    expect(statuses(vpp, wanted)[flowId(1)]).toMatch(/^PENDING source port .* is not connected/);
  });

  it('two interfaces with the tag of one port are refused by name', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.join(vpp.addPort(portId(1), 'impostor'), 10);
    vpp.execute(plan(vpp, wanted));
    expect(statuses(vpp, wanted)[flowId(1)]).toMatch(/^ERROR .*two interfaces of VPP, port-0001 and impostor/);
  });

  it('a VLAN that somebody else has on the uplink', () => {
    const { vpp, wanted, uplink } = node();
    const vlan = { outer: 77, match: 'outer' as const };
    vpp.addInterface({ name: 'eth0.77', tag: 'net-vpp.uplink:x', supIndex: uplink, subId: 77, vlan });
    wanted.setFlow({ record: flow(1, 1, 1, { target: { type: 'vlan', physnet: 'phys1', vlan: 77 } }), revision: 1 });
    vpp.execute(plan(vpp, wanted));
    expect(statuses(vpp, wanted)[flowId(1)]).toMatch(
      /^ERROR the VLAN of physnet phys1 that this tap was given is in use on this node by others/,
    );
  });
});

describe("VPP's traps", () => {
  it('a SPAN table that lies after the source was in layer 3 is switched off and on, foreign entries too', () => {
    const { vpp, wanted } = node();
    local(wanted);
    const foreign = vpp.addInterface({ name: 'foreign' });
    vpp.execute(plan(vpp, wanted));
    vpp.span(1, foreign, 1);
    vpp.toLayer3(1);
    vpp.join(1, 10);
    expect(vpp.state.features.get(1)?.output).toBe(0);
    expect(statuses(vpp, wanted)[flowId(1)]).toMatch(/^ERROR not in place/);
    vpp.execute(plan(vpp, wanted));
    expect(vpp.state.features.get(1)?.output).not.toBe(0);
    expect(vpp.state.spans.state(1, foreign)).toBe(1);
    expect(text(vpp, wanted)).toEqual([]);
  });

  it('entries of deleted interfaces go before anything is made, as their index is the next to be given out', () => {
    const { vpp, wanted } = node();
    const gone = vpp.addInterface({ name: 'gone' });
    vpp.span(2, gone, 3);
    vpp.remove(gone);
    local(wanted);
    vpp.execute(plan(vpp, wanted));
    expect(vpp.steps[0]).toMatchObject({ kind: 'set-span', from: 2, state: 0 });
    expect(vpp.state.spans.from(2)).toEqual([]);
  });

  it('a source whose index went to another port: its entry goes, the new owner is not tapped', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.execute(plan(vpp, wanted));
    vpp.remove(1);
    expect(vpp.addPort(portId(8))).toBe(1);
    vpp.join(1, 10);
    vpp.execute(plan(vpp, wanted));
    expect(vpp.state.spans.from(1)).toEqual([]);
    expect(statuses(vpp, wanted)[flowId(1)]).toMatch(/^PENDING/);
  });
});

describe('repair', () => {
  it('takes up an orphan', () => {
    const { vpp, wanted, uplink } = node();
    local(wanted);
    vpp.addInterface({ name: 'loop9', mac: '02:74:61:00:00:09' });
    const half = vpp.addInterface({ name: 'p.4095', supIndex: 3, subId: 4095, vlan: { outer: 4095, match: 'exact' } });
    const vlan = { outer: 88, match: 'outer' as const };
    const link = vpp.addInterface({ name: 'eth0.88', supIndex: uplink, subId: 88, vlan });
    wanted.setService({
      record: service(1, 3, { inputs: [{ type: 'vlan', physnet: 'phys1', vlan: 88 }] }),
      revision: 5,
    });
    vpp.execute(plan(vpp, wanted));
    expect(vpp.state.interfaces.get(half)?.tag).toBe(`taas.collector:${serviceId(1)}`);
    expect(vpp.state.interfaces.get(link)).toMatchObject({ tag: `taas.vlan:${serviceId(1)}`, rewrite: 3 });
    expect(vpp.state.memberships.get(link)?.shg).toBe(1);
    expect([...vpp.state.interfaces.all()].some((each) => each.name === 'loop9')).toBe(false);
    expect(text(vpp, wanted)).toEqual([]);
  });

  it('prunes orphans with what is on them, each thing once', () => {
    const { vpp, wanted } = node();
    const loop = vpp.addInterface({ name: 'loop9', mac: '02:74:61:00:00:09' });
    vpp.state.etherTypes.put(loop, [listMark, 0x800]);
    const vlan = { outer: 4095, match: 'exact' as const };
    vpp.addInterface({ name: 'p.4095', supIndex: 3, subId: 4095, vlan });
    const bridged = vpp.addInterface({ name: 'q.4095', supIndex: 2, subId: 4095, vlan });
    vpp.join(bridged, 10);
    vpp.addInterface({ name: 'q.4094', supIndex: 2, subId: 4094, vlan: { ...vlan, outer: 4094 } });
    for (const id of [0x7fffff, 0x800000, 0x800001, 0x900000]) vpp.addDomain(id);
    vpp.join(bridged, 0x800001);
    vpp.join(bridged, 10);
    vpp.addDomain(0x800002, "somebody's");
    vpp.execute(plan(vpp, wanted));
    expect(vpp.steps.filter(({ kind }) => kind === 'set-ether-types')).toHaveLength(1);
    const left = [...vpp.state.interfaces.all()].map(({ name }) => name);
    expect(left.filter((name) => /loop|409/.test(name))).toEqual(['q.4095', 'q.4094']);
    const domains = [...vpp.state.bridgeDomains.all()].map(({ id }) => id);
    expect(new Set(domains)).toEqual(new Set([10, 0x7fffff, 0x800002, 0x900000]));
    expect(text(vpp, wanted)).toEqual([]);
  });

  it('puts strangers out of our bridge domain, and makes it anew when its flags were changed', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.execute(plan(vpp, wanted));
    vpp.join(2, 0x800000);
    vpp.execute(plan(vpp, wanted));
    expect(vpp.state.memberships.get(2)).toBeUndefined();
    const domain = vpp.state.bridgeDomains.get(0x800000);
    if (domain) vpp.state.bridgeDomains.put(domain.id, { ...domain, flags: { ...domain.flags, learn: true } });
    vpp.execute(plan(vpp, wanted));
    expect(vpp.state.bridgeDomains.get(0x800000)?.flags.learn).toBe(false);
    expect(statuses(vpp, wanted)[flowId(1)]).toBe('ACTIVE');
  });

  it('leaves alone what belongs to a record that cannot be read', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.execute(plan(vpp, wanted));
    wanted.setUnreadableFlow(flowId(1));
    wanted.setUnreadableService(serviceId(1));
    expect(text(vpp, wanted)).toEqual([]);
    wanted.deleteFlow(flowId(1));
    wanted.deleteService(serviceId(1));
    expect(text(vpp, wanted)).not.toEqual([]);
  });

  it('a refused step takes its sequence back, and only its tap is in ERROR', () => {
    const { vpp, wanted } = node();
    local(wanted);
    wanted.setFlow({ record: flow(2, 1, 2), revision: 9 });
    vpp.refuse = (step) => step.kind === 'set-span' && step.from === 1 && step.state !== 0;
    const failures = vpp.execute(plan(vpp, wanted));
    expect(statuses(vpp, wanted, failures)).toMatchObject({
      [flowId(1)]: 'ERROR refused set-span',
      [flowId(2)]: 'ACTIVE',
      [serviceId(1)]: 'ACTIVE',
    });
    expect([...vpp.state.interfaces.by('tag', `taas.flow:${flowId(1)}`)]).toEqual([]);
    vpp.refuse = () => false;
    vpp.execute(planTaps({ services: [], flows: [flowId(1)], mirrors: [] }, wanted, vpp.state, facts));
    expect(statuses(vpp, wanted)[flowId(1)]).toBe('ACTIVE');
  });

  it('leaves every VLAN id of a collector to the subports of a trunk, and every sub-interface id', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.execute(plan(vpp, wanted));
    const taken = [...vpp.state.interfaces.by('parent', 3)];
    expect(taken).toHaveLength(2);
    for (const { subId, vlan } of taken) {
      expect(subId).toBeGreaterThan(4094);
      expect(vlan).toMatchObject({ outer: 4095 });
    }
  });

  it('makes anew what an older agent made with an id that a subport may need', () => {
    const { vpp, wanted } = node();
    local(wanted);
    vpp.execute(plan(vpp, wanted));
    const [unicast] = vpp.state.interfaces.by('tag', `taas.unicast:${serviceId(1)}`);
    const collector = [...vpp.state.interfaces.by('tag', `taas.collector:${serviceId(1)}`)][0];
    if (!unicast || !collector) throw new Error('the service has no ways to its collector');
    vpp.state.interfaces.put(unicast.index, { ...unicast, subId: 4094, vlan: { outer: 4094, match: 'exact' } });
    vpp.state.interfaces.put(collector.index, { ...collector, subId: 4095, vlan: { outer: 4095, match: 'exact' } });
    vpp.execute(plan(vpp, wanted));
    const now = [...vpp.state.interfaces.by('parent', 3)];
    expect(now.map(({ tag, vlan }) => [tag.split(':')[0], vlan?.match])).toEqual([
      ['taas.collector', 'exact'],
      ['taas.unicast', 'exact-two'],
    ]);
    expect(statuses(vpp, wanted)[flowId(1)]).toBe('ACTIVE');
    expect(text(vpp, wanted)).toEqual([]);
  });

  it('gives a port that collects for two services two sub-interfaces each', () => {
    const { vpp, wanted } = node();
    local(wanted);
    wanted.setService({ record: service(2, 3), revision: 9 });
    vpp.execute(plan(vpp, wanted));
    const tags = [...vpp.state.interfaces.by('parent', 3)].map(({ vlan }) => vlan);
    expect(tags).toEqual([4094, 4093, 4092, 4091].map((inner) => ({ outer: 4095, inner, match: 'exact-two' })));
    expect(text(vpp, wanted)).toEqual([]);
  });
});
