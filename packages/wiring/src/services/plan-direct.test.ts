import { describe, expect, it } from 'vitest';
import { planNode, planTaps } from '../plan/plan-node.js';
import { verify } from '../plan/verify.js';
import { describeStep } from '../steps.js';
import { facts, flow, flowId, portId, service, serviceId } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';

const target = { type: 'vlan', physnet: 'phys1', vlan: 77 } as const;
const udp = [{ action: 'accept' as const, ethertype: 0x800, protocol: 17 }];
const linkTag = `taas.vlan:${serviceId(1)}`;

/** A node with ports 1 and 2, and an uplink. */
function node() {
  const vpp = new VppDouble();
  vpp.addDomain(10);
  const [source, other] = [vpp.addPort(portId(1)), vpp.addPort(portId(2))];
  for (const port of [source, other]) vpp.join(port, 10);
  vpp.addInterface({ name: 'eth0', tag: 'net-vpp.physnet:phys1' });
  const wanted = new Wanted();
  let revision = 0;
  return {
    vpp,
    wanted,
    source,
    want(n: number, more: Parameters<typeof flow>[3] = {}, port = 1) {
      wanted.setFlow({ record: flow(n, 1, port, { target, ...more }), revision: ++revision });
    },
    /** @returns what was done, in words */
    run(plan = planNode(wanted, vpp.state, facts)) {
      vpp.steps = [];
      expect([...vpp.execute(plan)]).toEqual([]);
      return vpp.steps.map(describeStep);
    },
    some: (...flows: number[]) =>
      planTaps({ services: [], flows: flows.map(flowId), mirrors: [] }, wanted, vpp.state, facts),
    link: () => [...vpp.state.interfaces.by('tag', linkTag)][0]?.index ?? 0,
    mirror: () => vpp.state.spans.state(source, vpp.state.interfaces.by('tag', linkTag)[0]?.index ?? 0),
    statuses: () => verify(planNode(wanted, vpp.state, facts)).map((each) => `${each.status} ${each.reason}`.trim()),
  };
}

describe('a flow without a filter to another node', () => {
  it('is mirrored straight to the link, which stands before anything is mirrored', () => {
    const { want, run, statuses } = node();
    want(1, { direction: 'OUT' });
    const done = run();
    const key = `vlan:${serviceId(1)}/phys1/77`;
    expect(done.slice(-4)).toEqual([
      `drop what comes in by ${key}`,
      `set ${key} up`,
      `check that interface 1 is port ${portId(1)}`,
      `mirror interface 1 to ${key}: rx`,
    ]);
    expect(done.some((step) => step.includes('02:74:61'))).toBe(false);
    expect(statuses()).toEqual(['ACTIVE']);
    expect(run()).toEqual([]);
  });

  it('shares one mirror with other flows of its source, in all directions that any of them asks for', () => {
    const { want, run, some, mirror } = node();
    want(1, { direction: 'OUT' });
    run();
    want(2, { direction: 'IN' });
    run(some(2));
    expect(mirror()).toBe(3);
    want(1, { direction: 'OUT', removed: true });
    run(some(1));
    expect(mirror()).toBe(2);
  });

  it('takes its mirror off before the link goes, whose index is the next to be given out', () => {
    const { vpp, want, run, statuses } = node();
    want(1);
    run();
    want(1, { removed: true });
    const done = run();
    expect(done[0]).toMatch(/^mirror interface 1 to interface \d+: off$/);
    expect(done.findIndex((step) => step.startsWith('delete interface'))).toBeGreaterThan(0);
    expect([...vpp.state.spans.all()]).toEqual([]);
    expect(statuses()).toEqual(['REMOVED']);
  });

  it('is not REMOVED while its mirror is there', () => {
    const { vpp, wanted, want, run, statuses } = node();
    want(1);
    want(2, {}, 2);
    run();
    want(1, { removed: true });
    vpp.refuse = (step) => step.kind === 'set-span' && step.state === 0;
    vpp.execute(planNode(wanted, vpp.state, facts));
    expect(statuses().sort()).toEqual(['ACTIVE', expect.stringMatching(/^ERROR not in place/)]);
  });

  it('never copies a packet twice when it gets a filter, or loses it', () => {
    const { want, run, mirror } = node();
    want(1);
    run();
    want(1, { filter: udp });
    const mirrors = (steps: string[]) => steps.filter((step) => step.startsWith('mirror')).map((s) => s.split(': ')[1]);
    expect(mirrors(run())).toEqual(['off', 'both']);
    expect(mirror()).toBe(0);
    want(1);
    expect(mirrors(run())).toEqual(['off', 'both']);
    expect(mirror()).toBe(3);
  });
});

describe('a mirror to a link that nobody asked for', () => {
  it('goes when the collector has come here, and the link is a way in', () => {
    const { vpp, wanted, want, run, mirror } = node();
    want(1);
    run();
    wanted.setService({ record: service(1, 2, { inputs: [target] }), revision: 99 });
    run();
    expect(mirror()).toBe(0);
    expect([...vpp.state.interfaces.by('tag', linkTag)]).toHaveLength(1);
  });

  it('goes when the source index went to another port', () => {
    const { vpp, want, run, mirror, source } = node();
    want(1);
    want(2, {}, 2);
    run();
    vpp.remove(source);
    expect(vpp.addPort(portId(8))).toBe(source);
    expect(mirror()).toBe(3);
    run();
    expect(mirror()).toBe(0);
  });

  it('goes when the link is gone and its index is a tenant port now', () => {
    const { vpp, want, run, link, source } = node();
    want(1);
    run();
    const index = link();
    vpp.remove(index);
    expect(vpp.addPort(portId(8))).toBe(index);
    expect(vpp.state.spans.state(source, index)).not.toBe(0);
    run();
    expect(vpp.state.spans.state(source, index)).toBe(0);
  });

  it('stays while the record of its flow cannot be read', () => {
    const { wanted, want, run, mirror } = node();
    want(1);
    run();
    wanted.setUnreadableFlow(flowId(1));
    expect(run()).toEqual([]);
    expect(mirror()).toBe(3);
    wanted.deleteFlow(flowId(1));
    run();
    expect(mirror()).toBe(0);
  });
});

describe('a flow that is counted by itself', () => {
  const exact = { accounting: 'exact' } as const;
  /** What is mirrored of the port to each destination. */
  const mirrors = ({ vpp, source }: ReturnType<typeof node>) =>
    Object.fromEntries(
      vpp.state.spans
        .from(source)
        .map(({ to }) => [vpp.state.interfaces.get(to)?.tag.split(':')[0], vpp.state.spans.state(source, to)]),
    );

  it('has a loopback of its own, and leaves to those that share what they copy', () => {
    const at = node();
    at.want(1, exact);
    at.run();
    expect(mirrors(at)).toEqual({ 'taas.flow': 3 });
    at.want(2, { direction: 'IN' });
    at.run();
    expect(mirrors(at)).toEqual({ 'taas.flow': 1, 'taas.vlan': 2 });
    expect(at.statuses()).toEqual(['ACTIVE', 'ACTIVE']);
    at.want(2, { removed: true });
    at.run();
    expect(mirrors(at)).toEqual({ 'taas.flow': 3 });
  });

  it('copies nothing twice while the record of one that shares cannot be read', () => {
    const at = node();
    at.want(1);
    at.want(2, exact);
    at.run();
    expect(mirrors(at)).toMatchObject({ 'taas.vlan': 3 });
    at.wanted.setUnreadableFlow(flowId(1));
    at.run();
    expect(mirrors(at)).toMatchObject({ 'taas.vlan': 3 });
    expect(mirrors(at)['taas.flow'] ?? 0).toBe(0);
  });

  it('takes those for which it copies along when VPP refuses it', () => {
    const { vpp, wanted, want, statuses } = node();
    want(1, exact);
    want(2, { filter: udp });
    vpp.refuse = (step) => step.kind === 'set-span' && step.state !== 0;
    vpp.execute(planNode(wanted, vpp.state, facts));
    expect(statuses().every((status) => status.startsWith('ERROR'))).toBe(true);
    vpp.refuse = () => false;
    vpp.execute(planNode(wanted, vpp.state, facts));
    expect(statuses()).toEqual(['ACTIVE', 'ACTIVE']);
  });
});
