import { beforeEach, describe, expect, it } from 'vitest';
import { countingPoints, indicesOf } from '../counting/counting-points.js';
import { vxlanKey } from '../objects/vxlan.js';
import { planNode } from '../plan/plan-node.js';
import { verify } from '../plan/verify.js';
import { facts, flow, flowId, portId, service, serviceId } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';

const [node, other, server] = ['10.0.0.1', '10.0.0.2', '10.0.0.9'];
const input = { type: 'vxlan', local: node, remote: other, vni: 7 } as const;
const receipts = { ...input, remote: server };

let vpp: VppDouble;
let wanted: Wanted;
let uplink: number;

beforeEach(() => {
  vpp = new VppDouble();
  wanted = new Wanted();
  vpp.addDomain(10);
  for (const port of [vpp.addPort(portId(1)), vpp.addPort(portId(2))]) vpp.join(port, 10);
  uplink = vpp.addInterface({ name: 'eth0', tag: 'net-vpp.physnet:phys1' });
  for (const remote of [other, server]) vpp.state.routes.put(remote, { to: 'interface', index: uplink });
  wanted.setService({ record: service(1, 2, { inputs: [input], receipts }), revision: 1 });
  wanted.setFlow({ record: flow(1, 1, 1), revision: 1 });
});

const plan = () => planNode(wanted, vpp.state, facts);
const standing = () =>
  Object.fromEntries(verify(plan()).map(({ id, status, code, reason }) => [id, { status, code, reason }]));
const tunnelFrom = (remote: string): number | undefined =>
  [...vpp.state.vxlans.by('spec', vxlanKey({ local: node, remote, vni: input.vni }))][0]?.index;

describe('the tunnel by which receipts come', () => {
  it('is one more way into the bridge domain, from which nothing goes to another', () => {
    vpp.execute(plan());
    expect(plan().sequences).toEqual([]);
    const [copies, own] = [tunnelFrom(other) ?? 0, tunnelFrom(server) ?? 0];
    expect(own).not.toBe(copies);
    const [a, b] = [copies, own].map((index) => vpp.state.memberships.get(index));
    expect(b).toEqual(a);
    expect(b?.shg).toBe(1);
  });

  it('is counted by itself, and goes when it is not wanted any more', () => {
    vpp.execute(plan());
    const points = [...countingPoints(wanted, vpp.state)].find(({ kind }) => kind === 'tap_services');
    expect(points).toMatchObject({ in: [tunnelFrom(other)], receipts: tunnelFrom(server) });
    expect(points && indicesOf(points)).toContain(tunnelFrom(server));
    wanted.setService({ record: service(1, 2, { inputs: [input] }), revision: 2 });
    vpp.execute(plan());
    expect([tunnelFrom(server), tunnelFrom(other)]).toEqual([undefined, expect.any(Number)]);
    expect([...countingPoints(wanted, vpp.state)].find(({ kind }) => kind === 'tap_services')?.receipts).toBeNull();
  });

  it('that cannot carry any is warned of, and keeps no copy from anybody', () => {
    vpp.execute(plan());
    expect(standing()[serviceId(1)]).toEqual({ status: 'ACTIVE', code: 'ok', reason: '' });
    vpp.state.routes.put(server, { to: 'nowhere' });
    const warned = { status: 'ACTIVE', code: 'receipts_missing' };
    expect(standing()[serviceId(1)]).toEqual({
      ...{ ...warned, reason: `warning: no receipts come: this node has no route to ${server}` },
    });
    expect(standing()[flowId(1)]).toMatchObject({ status: 'ACTIVE', code: 'ok' });
    wanted.setService({
      record: service(1, 2, { inputs: [input], receipts: { ...receipts, remote: node } }),
      revision: 2,
    });
    vpp.execute(plan());
    expect(standing()[serviceId(1)]).toMatchObject(warned);
    // A way by which copies come is another matter.
    vpp.state.routes.put(other, { to: 'nowhere' });
    expect(standing()[serviceId(1)]).toMatchObject({ status: 'PENDING', code: 'no_route' });
  });
});
