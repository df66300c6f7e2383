import { beforeEach, describe, expect, it } from 'vitest';
import { planNode } from '../plan/plan-node.js';
import { verify } from '../plan/verify.js';
import { facts, flow, flowId, mirror, mirrorId, portId, service, serviceId } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';

let vpp: VppDouble;
let wanted: Wanted;
let source: number;
let collector: number;
let uplink: number;

const tunnelTo = '10.0.0.2';
const vlan = { type: 'vlan', physnet: 'phys1', vlan: 88 } as const;
const vxlan = { type: 'vxlan', local: '10.0.0.1', remote: tunnelTo, vni: 7 } as const;

/** Service 1 has its collector here, and an input; the flows of services 2 and 3 leave by a VLAN and a tunnel; and a mirror. */
beforeEach(() => {
  vpp = new VppDouble();
  wanted = new Wanted();
  vpp.addDomain(10);
  [source, collector] = [vpp.addPort(portId(1)), vpp.addPort(portId(2))];
  for (const port of [source, collector]) vpp.join(port, 10);
  uplink = vpp.addInterface({ name: 'eth0', tag: 'net-vpp.physnet:phys1' });
  for (const remote of [tunnelTo, '198.51.100.9']) vpp.state.routes.put(remote, { to: 'interface', index: uplink });
  wanted.setService({ record: service(1, 2, { inputs: [{ ...vlan, vlan: 89 }] }), revision: 1 });
  wanted.setFlow({ record: flow(1, 1, 1), revision: 1 });
  wanted.setFlow({ record: flow(2, 2, 1, { target: vlan }), revision: 1 });
  wanted.setFlow({ record: flow(3, 3, 1, { target: vxlan }), revision: 1 });
  wanted.mirrors.set({ record: mirror(1, 1), revision: 1 });
  vpp.execute(planNode(wanted, vpp.state, facts));
});

/** Sets how an interface stands, and says how the taps do; nothing of the wiring is to be changed for it. */
function stands(index: number, how: { adminUp?: boolean; linkUp?: boolean }): Record<string, string> {
  vpp.change({ index }, how);
  const plan = planNode(wanted, vpp.state, facts);
  expect(plan.sequences).toEqual([]);
  return Object.fromEntries(verify(plan).map(({ id, status, code }) => [id, `${status} ${code}`]));
}

const ids = [serviceId(1), flowId(1), flowId(2), flowId(3), mirrorId(1)];
const well = Object.fromEntries(ids.map((id) => [id, 'ACTIVE ok']));

describe('a link that is down, with the interface up', () => {
  it("of a collector's port: its service and what flows into it here are DOWN, and the wiring stays", () => {
    expect(stands(collector, {})).toEqual(well);
    const down = 'DOWN collector_link_down';
    expect(stands(collector, { linkUp: false })).toEqual({ ...well, [serviceId(1)]: down, [flowId(1)]: down });
    const reasons = verify(planNode(wanted, vpp.state, facts)).map(({ reason }) => reason);
    expect(reasons).toContain(
      `copies are dropped: the collector's port ${portId(2)} has no link, nothing is connected to its interface port-0002 in VPP`,
    );
    expect(stands(collector, { linkUp: true })).toEqual(well);
  });

  it('of a source: nothing to copy is no fault', () => {
    expect(stands(source, { linkUp: false })).toEqual(well);
  });

  it('of an uplink: what goes by it says so, and keeps its wiring', () => {
    const down = 'PENDING link_down';
    expect(stands(uplink, { linkUp: false })).toEqual({
      ...{ [serviceId(1)]: down, [flowId(1)]: 'ACTIVE ok' },
      ...{ [flowId(2)]: down, [flowId(3)]: down, [mirrorId(1)]: down },
    });
    expect(stands(uplink, { linkUp: true })).toEqual(well);
  });

  it('is not told of before the wiring stands: what is missing is more', () => {
    vpp.change({ index: collector }, { linkUp: false });
    vpp.remove([...vpp.state.interfaces.by('tag', `taas.unicast:${serviceId(1)}`)][0]?.index ?? 0);
    const verdicts = verify(planNode(wanted, vpp.state, facts));
    expect(verdicts.find(({ id }) => id === serviceId(1))).toMatchObject({ status: 'ERROR', code: 'not_in_place' });
  });

  it('does not keep a tap from being removed', () => {
    wanted.setService({ record: service(1, 2, { removed: true }), revision: 2 });
    wanted.setFlow({ record: flow(1, 1, 1, { removed: true }), revision: 2 });
    vpp.change({ index: collector }, { linkUp: false });
    vpp.execute(planNode(wanted, vpp.state, facts));
    const verdicts = verify(planNode(wanted, vpp.state, facts)).filter(({ revision }) => revision === 2);
    expect(verdicts.map(({ status }) => status)).toEqual(['REMOVED', 'REMOVED']);
  });
});
