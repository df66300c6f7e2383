import { expect, it } from 'vitest';
import { planNode, planTaps } from './plan/plan-node.js';
import { facts, flow, flowId, portId, service, serviceId } from './testing/records.js';
import { VppDouble } from './testing/vpp-double.js';
import { Wanted } from './wanted/wanted.js';

it('plans 10,000 flows on a node, and one service among them without looking at the others', () => {
  const vpp = new VppDouble();
  const wanted = new Wanted();
  vpp.addDomain(10);
  for (let n = 1; n <= 1000; n++) vpp.join(vpp.addPort(portId(n)), 10);
  for (let n = 1; n <= 500; n++) wanted.setService({ record: service(n, 500 + n), revision: n });
  for (let n = 1; n <= 10_000; n++)
    wanted.setFlow({ record: flow(n, 1 + (n % 500), 1 + (n % 499)), revision: 1000 + n });
  const first = planNode(wanted, vpp.state, facts);
  expect(first.sequences.length).toBeGreaterThan(10_000);
  expect(vpp.execute(first).size).toBe(0);
  expect(planNode(wanted, vpp.state, facts).sequences).toEqual([]);
  const one = planTaps({ services: [serviceId(7)], flows: [], mirrors: [] }, wanted, vpp.state, facts);
  expect(one.outlooks.length).toBe(21);
  const single = planTaps({ services: [], flows: [flowId(9)], mirrors: [] }, wanted, vpp.state, facts);
  expect(single.outlooks.map((each) => each.id)).toEqual([flowId(9), serviceId(10)]);
});
