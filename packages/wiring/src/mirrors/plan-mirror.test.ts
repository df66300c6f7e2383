import type { NodeTapMirror } from '@taas/model';
import { describe, expect, it } from 'vitest';
import { planNode, planTaps } from '../plan/plan-node.js';
import { verify } from '../plan/verify.js';
import { describeStep } from '../steps.js';
import { facts, flow, mirror, mirrorId, portId, service } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';

const remote = '198.51.100.9';
const mtu = (packet: number) => ({ packet, ip4: packet, ip6: packet });

function node() {
  const vpp = new VppDouble();
  vpp.addDomain(10);
  for (const n of [1, 2, 3]) vpp.join(vpp.addPort(portId(n)), 10);
  const uplink = vpp.addInterface({ name: 'eth0', mtu: mtu(9000) });
  vpp.state.routes.put(remote, { to: 'interface', index: uplink });
  return { vpp, wanted: new Wanted(), uplink };
}

const plan = (vpp: VppDouble, wanted: Wanted) => planNode(wanted, vpp.state, facts);
const text = (vpp: VppDouble, wanted: Wanted) =>
  plan(vpp, wanted).sequences.flatMap(({ steps }) => steps.map(describeStep));
const status = (vpp: VppDouble, wanted: Wanted, n = 1) => {
  const verdict = verify(plan(vpp, wanted)).find(({ id }) => id === mirrorId(n));
  return `${verdict?.status} ${verdict?.reason}`.trim();
};
const want = (wanted: Wanted, n: number, port: number, more: Partial<NodeTapMirror> = {}, revision = 5) =>
  wanted.mirrors.set({ record: mirror(n, port, more), revision });

describe('a tap mirror', () => {
  it('is wired in an order in which nothing is mirrored before it has somewhere to go', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 1, { directions: { OUT: 102 } });
    const leg = `${mirrorId(1)}/OUT`;
    expect(text(vpp, wanted)).toEqual([
      `create bridge domain 8388608 tagged taas.mirror:${leg}`,
      `create gre:${leg}: ERSPAN session 102 from 10.0.0.1 to 198.51.100.9`,
      `tag gre:${leg} as taas.gre:${leg}`,
      `let packets of 65535 bytes through gre:${leg}`,
      `put gre:${leg} into bridge domain 8388608, split-horizon group 0`,
      `drop what comes in by gre:${leg}`,
      `set gre:${leg} up`,
      expect.stringMatching(`^create loopback:${leg} with MAC address 02:74:61:`),
      `tag loopback:${leg} as taas.mirror:${leg}`,
      `put loopback:${leg} into bridge domain 8388608, split-horizon group 1`,
      `set loopback:${leg} up`,
      `check that interface 1 is port ${portId(1)}`,
      `mirror interface 1 to loopback:${leg}: rx`,
    ]);
  });

  it('is ACTIVE when it stands, and goes without leaving a mirror to a free index', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 1, { mirror_type: 'gre', directions: { IN: 7, OUT: 8 } });
    vpp.execute(plan(vpp, wanted));
    expect(text(vpp, wanted)).toEqual([]);
    expect(status(vpp, wanted)).toBe('ACTIVE');
    expect([...vpp.state.gres.all()].map(({ type, id }) => `${type} ${id}`).sort()).toEqual(['teb 7', 'teb 8']);
    want(wanted, 1, 1, { removed: true }, 6);
    vpp.steps = [];
    vpp.execute(plan(vpp, wanted));
    const kinds = vpp.steps.map(({ kind }) => kind);
    expect(kinds.indexOf('set-span')).toBeLessThan(kinds.indexOf('delete-loopback'));
    expect(status(vpp, wanted)).toBe('REMOVED');
    expect([...vpp.state.interfaces.all()].map(({ index }) => index)).toEqual([1, 2, 3, 4]);
    expect([...vpp.state.bridgeDomains.all()].map(({ id }) => id)).toEqual([10]);
  });

  it('leaves no bridge domain behind that VPP made without a tag for its loopback, and touches none of others', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 1, { directions: { OUT: 102 } });
    vpp.execute(plan(vpp, wanted));
    const [domain] = vpp.state.bridgeDomains.by('tag', `taas.mirror:${mirrorId(1)}/OUT`);
    if (!domain) throw new Error('there is no bridge domain');
    vpp.state.bridgeDomains.put(domain.id, { ...domain, tag: '' });
    const some = () => planTaps({ services: [], flows: [], mirrors: [mirrorId(1)] }, wanted, vpp.state, facts);
    expect(vpp.execute(some()).size).toBe(0);
    const ids = () => [...vpp.state.bridgeDomains.all()].map(({ id, tag }) => `${id} ${tag}`);
    expect(ids()).toEqual(['10 ', `${domain.id + 1} taas.mirror:${mirrorId(1)}/OUT`]);
    expect(some().sequences).toEqual([]);
    // With somebody else in it, or another's id, it is for others to take away.
    for (const id of [domain.id + 2, 20]) {
      const [loopback] = vpp.state.interfaces.by('tag', `taas.mirror:${mirrorId(1)}/OUT`);
      vpp.addDomain(id);
      if (id !== 20) vpp.join(2, id);
      vpp.join(loopback?.index ?? 0, id);
      expect(vpp.execute(some()).size).toBe(0);
      expect(ids()).toContain(`${id} `);
    }
  });

  it('that nobody wants any more goes, too, and one that cannot be read stays', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 1);
    vpp.execute(plan(vpp, wanted));
    wanted.mirrors.setUnreadable(mirrorId(1));
    expect(text(vpp, wanted)).toEqual([]);
    wanted.mirrors.delete(mirrorId(1));
    vpp.execute(planTaps({ services: [], flows: [], mirrors: [mirrorId(1)] }, wanted, vpp.state, facts));
    expect([...vpp.state.gres.all()]).toEqual([]);
    expect(text(vpp, wanted)).toEqual([]);
  });

  it('gets another tunnel when its directions, its address or the local address are others', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 1, { directions: { IN: 7, OUT: 8 } });
    vpp.execute(plan(vpp, wanted));
    want(wanted, 1, 1, { directions: { OUT: 9, BOTH: 7 } }, 6);
    // The session of the leg that goes is free for the leg that comes in the run after.
    for (let n = 0; n < 2; n++) vpp.execute(plan(vpp, wanted));
    expect([...vpp.state.gres.all()].map(({ id }) => id).sort()).toEqual([7, 9]);
    expect(status(vpp, wanted)).toBe('ACTIVE');
  });

  it('and a flow of the same port are revived together when the port was out of layer 2', () => {
    const { vpp, wanted } = node();
    wanted.setService({ record: service(1, 3), revision: 5 });
    wanted.setFlow({ record: flow(1, 1, 1), revision: 5 });
    want(wanted, 1, 1);
    vpp.execute(plan(vpp, wanted));
    vpp.toLayer3(1);
    vpp.join(1, 10);
    expect(status(vpp, wanted)).toMatch(/^ERROR not in place/);
    vpp.execute(planTaps({ services: [], flows: [], mirrors: [mirrorId(1)] }, wanted, vpp.state, facts));
    expect(text(vpp, wanted)).toEqual([]);
    expect(vpp.state.spans.from(1).map(({ state }) => state)).toEqual([3, 3]);
    expect(verify(plan(vpp, wanted)).map((each) => each.status)).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE']);
  });
});

describe('what stands in the way of a mirror', () => {
  it('GRE key 0, which VPP takes for none', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 1, { mirror_type: 'gre', directions: { IN: 0 } });
    expect(text(vpp, wanted)).toEqual([]);
    expect(status(vpp, wanted)).toMatch(/^ERROR VPP cannot send the GRE key 0/);
    want(wanted, 1, 1, { mirror_type: 'erspanv1', directions: { IN: 0 } }, 6);
    vpp.execute(plan(vpp, wanted));
    expect(status(vpp, wanted)).toBe('ACTIVE');
  });

  it('a port that is not there, not connected, or not there any more', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 9);
    expect(status(vpp, wanted)).toBe(`PENDING port ${portId(9)} is not on this node yet`);
    const port = vpp.addPort(portId(9));
    expect(status(vpp, wanted)).toBe(`PENDING port ${portId(9)} is not connected to its network yet`);
    vpp.join(port, 10);
    vpp.execute(plan(vpp, wanted));
    expect(status(vpp, wanted)).toBe('ACTIVE');
    vpp.remove(port);
    vpp.execute(plan(vpp, wanted));
    expect(status(vpp, wanted)).toBe(`PENDING port ${portId(9)} is not on this node yet`);
    expect([...vpp.state.gres.all()]).toEqual([]);
  });

  it('a tunnel address that is another one', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 1, { local: '10.0.0.7' });
    expect(status(vpp, wanted)).toBe(
      'PENDING the tunnel address of this node is 10.0.0.1, not 10.0.0.7 as the mirror expects',
    );
  });

  it('no route, an address of our own, an interface that is down: the wiring stays and works again at once', () => {
    const { vpp, wanted, uplink } = node();
    want(wanted, 1, 1);
    vpp.execute(plan(vpp, wanted));
    vpp.state.routes.put(remote, { to: 'nowhere' });
    expect(status(vpp, wanted)).toBe(`PENDING this node has no route to ${remote}`);
    vpp.state.routes.put(remote, { to: 'self' });
    expect(status(vpp, wanted)).toBe(`ERROR ${remote} is an address of this node itself`);
    vpp.state.routes.put(remote, { to: 'interface', index: uplink });
    vpp.state.interfaces.put(uplink, { ...uplinkOf(vpp, uplink), adminUp: false });
    expect(status(vpp, wanted)).toBe(`PENDING the interface eth0 towards ${remote} is down`);
    expect(text(vpp, wanted)).toEqual([]);
    vpp.state.interfaces.put(uplink, { ...uplinkOf(vpp, uplink), adminUp: true });
    expect(status(vpp, wanted)).toBe('ACTIVE');
  });

  it("somebody else's tunnel, which is not touched", () => {
    const { vpp, wanted } = node();
    const index = vpp.addInterface({ name: 'gre0' });
    vpp.state.gres.put(index, { index, instance: 0, type: 'erspan', local: '10.0.0.1', remote, id: 1 });
    want(wanted, 1, 1);
    expect(text(vpp, wanted)).toEqual([]);
    expect(status(vpp, wanted)).toBe(
      `ERROR this node has a tunnel to ${remote} with ERSPAN session 1 already, which is not of TaaS's making`,
    );
  });

  it('another mirror with the same address and id: the first keeps the tunnel, and the other follows', () => {
    const { vpp, wanted } = node();
    want(wanted, 2, 2, { directions: { OUT: 5 } });
    vpp.execute(plan(vpp, wanted));
    want(wanted, 1, 1, { directions: { OUT: 5 } });
    want(wanted, 3, 3, { directions: { OUT: 5 }, mirror_type: 'gre' });
    vpp.execute(plan(vpp, wanted));
    expect(status(vpp, wanted, 2)).toBe('ACTIVE');
    expect(status(vpp, wanted, 3)).toBe('ACTIVE');
    expect(status(vpp, wanted, 1)).toBe(
      `PENDING this node cannot send to ${remote} with ERSPAN session 5 for this tap mirror: use another tunnel id`,
    );
    want(wanted, 2, 2, { removed: true }, 6);
    for (let n = 0; n < 2; n++) vpp.execute(plan(vpp, wanted));
    expect(status(vpp, wanted, 1)).toBe('ACTIVE');
  });

  it('two new mirrors with the same address and id in one plan: one of them is made', () => {
    const { vpp, wanted } = node();
    for (const n of [1, 2]) want(wanted, n, n, { directions: { OUT: 5 } });
    expect(vpp.execute(plan(vpp, wanted))).toEqual(new Map());
    expect([status(vpp, wanted, 1), status(vpp, wanted, 2)].map((each) => each.split(' ')[0])).toEqual([
      'ACTIVE',
      'PENDING',
    ]);
    expect(text(vpp, wanted)).toEqual([]);
  });

  it('a tunnel that was made and not tagged is taken over, or taken away', () => {
    const { vpp, wanted } = node();
    want(wanted, 1, 1);
    const steps = plan(vpp, wanted).sequences.flatMap((sequence) => sequence.steps);
    for (const step of steps.slice(0, 2)) vpp.apply(step);
    expect([...vpp.state.gres.all()]).toHaveLength(1);
    const [index] = [...vpp.state.gres.all()].map((tunnel) => tunnel.index);
    const other = new Wanted();
    expect(planNode(other, vpp.state, facts).sequences.flatMap((each) => each.steps.map(describeStep))).toContain(
      `delete interface ${index}: ERSPAN session 1 from 10.0.0.1 to ${remote}`,
    );
    vpp.execute(plan(vpp, wanted));
    expect(status(vpp, wanted)).toBe('ACTIVE');
    expect([...vpp.state.gres.all()].map((tunnel) => tunnel.index)).toEqual([index]);
  });
});

describe('a warning of long packets', () => {
  it.each([
    ['erspanv1', 1500, 1549, /^ACTIVE warning: copies of packets longer than 1499 bytes leave in fragments/],
    ['erspanv1', 1500, 1550, /^ACTIVE$/],
    ['gre', 1500, 1542, /^ACTIVE$/],
    ['gre', 1500, 1541, /^ACTIVE warning: copies of packets longer than 1499 bytes/],
    ['gre', 1500, 0, /^ACTIVE$/],
    ['gre', null, 9000, /^ACTIVE$/],
  ] as const)('%s, port %s, underlay %s', (mirror_type, port, underlay, expected) => {
    const { vpp, wanted, uplink } = node();
    vpp.state.interfaces.put(uplink, { ...uplinkOf(vpp, uplink), mtu: mtu(underlay) });
    want(wanted, 1, 1, { mirror_type, mtu: port });
    vpp.execute(plan(vpp, wanted));
    expect(status(vpp, wanted)).toMatch(expected);
  });

  it("is of the parent's limit where a sub-interface has none of its own, and of IPv6's larger header", () => {
    const { vpp, wanted, uplink } = node();
    const sub = vpp.addInterface({ name: 'eth0.7', supIndex: uplink, subId: 7, mtu: mtu(0) });
    vpp.state.interfaces.put(uplink, { ...uplinkOf(vpp, uplink), mtu: mtu(1569) });
    vpp.state.routes.put('2001:db8::9', { to: 'interface', index: sub });
    const ip6 = { ...facts, tunnelAddress: '2001:db8::1' };
    want(wanted, 1, 1, { local: '2001:db8:0::1', remote: '2001:DB8::9', mtu: 1500 });
    vpp.execute(planNode(wanted, vpp.state, ip6));
    expect(verify(planNode(wanted, vpp.state, ip6))[0]).toMatchObject({
      status: 'ACTIVE',
      reason: expect.stringMatching(/longer than 1499 bytes are lost: the underlay .* takes 1569 bytes/),
    });
  });
});

function uplinkOf(vpp: VppDouble, index: number) {
  const entry = vpp.state.interfaces.get(index);
  if (!entry) throw new Error('there is no uplink');
  return entry;
}
