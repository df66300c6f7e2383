import { expect, it } from 'vitest';
import { facts, flow, flowId, mirror, mirrorId, portId, service, serviceId } from '../testing/records.js';
import { VppDouble } from '../testing/vpp-double.js';
import { Wanted } from '../wanted/wanted.js';
import { planNode } from './plan-node.js';
import { verify } from './verify.js';

/** A node with two taps and two mirrors; reading one's link, or one's address, is what nobody has thought of. */
function node() {
  const vpp = new VppDouble();
  vpp.addDomain(10);
  for (const n of [1, 2, 3, 4]) vpp.join(vpp.addPort(portId(n)), 10);
  const wanted = new Wanted();
  wanted.setService({ record: service(1, 3), revision: 5 });
  wanted.setFlow({ record: flow(1, 1, 1), revision: 6 });
  const trap = {
    get inputs(): never {
      throw new Error('nobody has thought of this');
    },
  };
  wanted.setService({
    record: Object.defineProperties(service(2, 4), Object.getOwnPropertyDescriptors(trap)),
    revision: 7,
  });
  wanted.setFlow({ record: flow(2, 2, 2), revision: 8 });
  return { vpp, wanted };
}

it('what cannot be planned fails its own tap, and the others are wired', () => {
  const { vpp, wanted } = node();
  const plan = planNode(wanted, vpp.state, facts);
  expect(plan.unplanned).toEqual([
    { kind: 'tap_services', id: serviceId(2), cause: 'nobody has thought of this' },
    { kind: 'tap_flows', id: flowId(2), cause: 'nobody has thought of this' },
  ]);
  vpp.execute(plan);
  const verdicts = verify(planNode(wanted, vpp.state, facts));
  const of = (id: string) => verdicts.find((verdict) => verdict.id === id);
  expect(of(flowId(1))).toMatchObject({ status: 'ACTIVE' });
  expect(of(flowId(2))).toMatchObject({
    status: 'ERROR',
    revision: 8,
    reason: expect.stringMatching(/nobody has thought/),
  });
  expect(of(serviceId(2))).toMatchObject({ status: 'ERROR', revision: 7 });
});

it('nothing of what cannot be planned is done, and the others are taken away as ever', () => {
  const { vpp, wanted } = node();
  vpp.execute(planNode(wanted, vpp.state, facts));
  wanted.setService({ record: service(1, 3, { removed: true }), revision: 9 });
  wanted.setFlow({ record: flow(1, 1, 1, { removed: true }), revision: 10 });
  const plan = planNode(wanted, vpp.state, facts);
  expect(plan.sequences.filter(({ key }) => key.includes(serviceId(2)) || key.includes(flowId(2)))).toEqual([]);
  vpp.execute(plan);
  const verdicts = verify(planNode(wanted, vpp.state, facts));
  expect(verdicts.filter(({ id }) => [serviceId(1), flowId(1)].includes(id)).map(({ status }) => status)).toEqual([
    'REMOVED',
    'REMOVED',
  ]);
});

it('so does a mirror', () => {
  const { vpp, wanted } = node();
  const trap = {
    get directions(): never {
      throw new Error('nor of this');
    },
  };
  wanted.mirrors.set({
    record: Object.defineProperties(mirror(1, 1), Object.getOwnPropertyDescriptors(trap)),
    revision: 11,
  });
  const plan = planNode(wanted, vpp.state, facts);
  expect(plan.unplanned).toContainEqual({ kind: 'tap_mirrors', id: mirrorId(1), cause: 'nor of this' });
  expect(plan.sequences.length).toBeGreaterThan(0);
});
