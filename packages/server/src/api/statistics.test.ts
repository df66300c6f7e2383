import { keys } from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud, umbrella } from '../test-cloud.suite.js';
import { FakeCountingAgent, stage } from './fake-counting-agent.suite.js';

let cloud: TestCloud;
let server: Replica;
let alice: ReturnType<Replica['as']>;
let agents: FakeCountingAgent[];
let service: string;
let flow: string;

/** Shorter than a server's, so that what does not come need not be waited for long. */
const limits = { waitMs: 300 };

beforeEach(async () => {
  cloud = new TestCloud();
  await cloud.bind('node1', portId(1), acme);
  await cloud.bind('node2', portId(2), acme);
  agents = [await new FakeCountingAgent(cloud, 'node1').start(), await new FakeCountingAgent(cloud, 'node2').start()];
  server = await cloud.replica({ statistics: limits });
  alice = server.as(acme);
  await cloud.lead(server);
  const made = await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(2) } });
  service = made.body.tap_service.id;
  const body = { tap_service_id: service, source_port: portId(1), direction: 'BOTH' };
  flow = (await alice('POST', '/v2.0/taas/tap_flows', { tap_flow: body })).body.tap_flow.id;
  await cloud.converge(['node1', 'node2']);
});
afterEach(async () => {
  for (const agent of agents) await agent.stop();
  await cloud.stop();
});

const agent = (n: 1 | 2): FakeCountingAgent => {
  const found = agents[n - 1];
  if (!found) throw new Error('no such agent');
  return found;
};
const pathOf = (kind: string, id: string) => `/v2.0/taas/${kind}/${id}/statistics`;

interface Statistics {
  readonly current: boolean;
  readonly as_of: string | null;
  readonly stages: readonly object[];
  readonly lost: readonly object[];
  readonly unaccounted: number | null;
  readonly completeness: number | null;
  readonly nodes: readonly { readonly node: string; readonly current: boolean }[];
  readonly unanswered: readonly { readonly node: string; readonly code: string; readonly figures: string }[];
  readonly service?: Statistics;
}
async function shown(kind: string, id: string, as = alice): Promise<Statistics> {
  const reply = await as('GET', pathOf(kind, id));
  expect(reply.status).toBe(200);
  return (reply.body as unknown as { readonly statistics: Statistics }).statistics;
}

describe('statistics of a tap', () => {
  it('has what its nodes count, by node and in sum, with the loss by cause, exact beyond 2^53', async () => {
    const many = 2n ** 56n;
    agent(1).set('tap_flows', flow, [stage('seen', 1_000n, 'IN'), stage('seen', 500n, 'OUT'), stage('copied', 1_500n)]);
    agent(1).set('tap_services', service, [stage('copied', many), stage('sent', many)]);
    agent(2).set('tap_services', service, [
      ...[stage('arrived', many - 7n), stage('offered', many - 7n)],
      ...[stage('ring_dropped', 5n), stage('delivered', many - 12n)],
    ]);
    const reply = await server.api.inject({ url: pathOf('tap_flows', flow), headers: { 'x-project-id': acme } });
    expect(reply.statusCode).toBe(200);
    // Not by JSON.parse, which rounds.
    expect(reply.body).toContain(`"stage":"delivered","direction":"BOTH","packets":${many - 12n},`);
    const statistics = await shown('tap_flows', flow);
    expect(statistics).toMatchObject({
      ...{ id: flow, kind: 'tap_flow', current: true, unaccounted: 0, completeness: 1, unanswered: [] },
      stages: [
        { stage: 'seen', direction: 'IN', packets: 1_000, bytes: 100_000 },
        { stage: 'seen', direction: 'OUT', packets: 500, bytes: 50_000 },
        { stage: 'copied', direction: 'BOTH', packets: 1_500, bytes: 150_000 },
      ],
      nodes: [{ node: 'node1', current: true, final: false }],
      service: {
        ...{ id: service, kind: 'tap_service', current: true },
        lost: [
          { cause: 'underlay', packets: 7 },
          { cause: 'ring_full', packets: 5 },
          { cause: 'unaccounted', packets: 0 },
        ],
        nodes: [{ node: 'node1' }, { node: 'node2' }],
      },
    });
    expect((await shown('tap_services', service)).nodes.map(({ node }) => node)).toEqual(['node1', 'node2']);
  });

  it('is a 404 to strangers, a 403 to whom the policy refuses, a 405 but for GET', async () => {
    expect((await server.as(umbrella)('GET', pathOf('tap_flows', flow))).status).toBe(404);
    expect((await alice('GET', pathOf('tap_mirrors', flow))).status).toBe(404);
    expect((await alice('GET', pathOf('tap_flows', `${flow}/x`))).status).toBe(404);
    expect((await alice('POST', pathOf('tap_flows', flow), {})).status).toBe(405);
    expect((await alice('GET', `${pathOf('tap_flows', flow)}/more`)).status).toBe(404);
    expect((await server.as('operations', 'admin')('GET', pathOf('tap_flows', flow))).status).toBe(200);
  });

  it('says of each node that has not answered why, and goes on without it', async () => {
    agent(2).set('tap_services', service, [stage('arrived', 3n)]);
    await cloud.agent('node1');
    await cloud.caughtUp();
    const old = await shown('tap_services', service);
    expect(old.unanswered).toMatchObject([{ node: 'node1', code: 'agent_without_statistics', figures: 'none' }]);
    expect(old).toMatchObject({ current: false, completeness: null, stages: [{ stage: 'arrived', packets: 3 }] });
    await cloud.delete(keys.agent('node1'));
    await cloud.caughtUp();
    expect((await shown('tap_services', service)).unanswered).toMatchObject([{ code: 'agent_not_running' }]);
    await cloud.agent('node1', { capabilities: ['statistics'] });
    await cloud.caughtUp();
    expect((await shown('tap_services', service)).unanswered).toMatchObject([{ code: 'no_answer_yet' }]);
  });

  it('an unreadable or hostile record is said to be so, and costs that answer alone', async () => {
    agent(1).set('tap_flows', flow, [stage('seen', 1n)]);
    agent(2).set('tap_services', service, [stage('arrived', 3n)]);
    const key = keys.statistics('node1', 'tap_services', service);
    for (const value of [
      '{',
      '{"v":1}',
      JSON.stringify({ v: 1, id: flow, since: 0, at: 8.7e15, stages: [], gaps: [], final: true }),
    ]) {
      await cloud.put(key, value);
      await cloud.caughtUp();
      const statistics = await shown('tap_flows', flow);
      expect(statistics).toMatchObject({ current: true, stages: [{ packets: 1 }] });
      expect(statistics.service?.unanswered).toMatchObject([{ node: 'node1', code: 'record_unreadable' }]);
      expect(statistics.service?.stages).toMatchObject([{ stage: 'arrived', packets: 3 }]);
    }
    const list = await alice('GET', '/v2.0/taas/tap_flows');
    expect(list.status).toBe(200);
    // A moment that no calendar has is shown as the last one.
    agent(1).set('tap_services', service, [stage('sent', 1n)], { at: Number.MAX_SAFE_INTEGER });
    await agent(1).write('tap_services', service);
    await cloud.caughtUp();
    expect((await shown('tap_flows', flow)).service?.nodes).toHaveLength(2);
    expect(server.live.view.problems.size).toBe(0);
  });

  it('figures that are older than 10 s are said to be old, whatever the clock of their node says', async () => {
    for (const at of [Date.now() - 11_000, Date.now() + 60_000]) {
      agent(1).set('tap_flows', flow, [stage('seen', 1n)], { at });
      await agent(1).write('tap_flows', flow);
      agent(1).figures.clear();
      // Another server, which has not seen them come.
      const other = await cloud.replica({ statistics: limits });
      const statistics = await shown('tap_flows', flow, other.as(acme));
      expect(statistics).toMatchObject({ current: false, nodes: [{ current: false }] });
      expect(statistics.unanswered).toMatchObject([{ code: 'no_answer_yet', figures: 'old' }]);
    }
  });

  it('figures that were read long before they are written are old, however new the record is', async () => {
    agent(1).set('tap_flows', flow, [stage('seen', 1n)]);
    for (const n of [1, 2] as const) agent(n).set('tap_services', service, [stage('sent', 1n)]);
    expect((await shown('tap_flows', flow)).current).toBe(true);
    // Its clock says nothing of it.
    const [at, age] = [Date.now() + 60_000, 10_001];
    agent(1).set('tap_flows', flow, [stage('seen', 2n)], { at, age });
    for (let n = 0; n < 2; n += 1) await agent(1).write('tap_flows', flow);
    await cloud.caughtUp();
    const old = await shown('tap_flows', flow);
    expect(old).toMatchObject({ current: false, stages: [{ packets: 2 }], nodes: [{ current: false }] });
    expect(old.unanswered).toMatchObject([{ node: 'node1', code: 'counted_before', figures: 'old' }]);
    agent(1).set('tap_flows', flow, [stage('seen', 3n)], { at, age: 5_000 });
    await agent(1).write('tap_flows', flow);
    await cloud.caughtUp();
    expect(await shown('tap_flows', flow)).toMatchObject({ current: true, stages: [{ packets: 3 }], unanswered: [] });
  });

  it('who looks again and again costs etcd no write and no read, and no wait', async () => {
    agent(1).set('tap_flows', flow, [stage('seen', 1n)]);
    for (const n of [1, 2] as const) agent(n).set('tap_services', service, [stage('sent', 1n)]);
    await shown('tap_flows', flow);
    const { revision } = await cloud.store.list(keys.statisticsRequest('node1', 'tap_flows', flow));
    const asked = agent(1).requests;
    for (let n = 0; n < 20; n += 1) expect((await shown('tap_flows', flow)).current).toBe(true);
    expect((await cloud.store.list(keys.statisticsRequest('node1', 'tap_flows', flow))).revision).toBe(revision);
    expect([asked, agent(1).requests]).toEqual([2, 2]);
    // What the agent writes meanwhile is shown at once.
    agent(1).set('tap_flows', flow, [stage('seen', 2n)]);
    await agent(1).write('tap_flows', flow);
    await cloud.caughtUp();
    expect((await shown('tap_flows', flow)).stages).toMatchObject([{ packets: 2 }]);
  });

  it('requests go when the server goes', async () => {
    agent(1).set('tap_flows', flow, [stage('seen', 1n)]);
    for (const n of [1, 2] as const) agent(n).set('tap_services', service, [stage('sent', 1n)]);
    await shown('tap_flows', flow);
    expect(await cloud.store.get(keys.statisticsRequest('node1', 'tap_flows', flow))).toBeDefined();
    await server.api.close();
    expect(await cloud.store.get(keys.statisticsRequest('node1', 'tap_flows', flow))).toBeUndefined();
  });
});

describe('what may be asked for at a time', () => {
  it('is bounded by project, by requests that wait and by parts', async () => {
    const few = await cloud.replica({
      statistics: { waitMs: 2_000, waitingOfProject: 1, parts: 3, partsOfProject: 2 },
    });
    const bob = few.as(acme);
    // Nobody answers: the first waits, the second finds the line full.
    const [first, second] = await Promise.all([
      bob('GET', pathOf('tap_services', service)),
      bob('GET', pathOf('tap_services', service)),
    ]);
    expect([first?.status, second?.status].sort()).toEqual([200, 429]);
    expect((await bob('GET', pathOf('tap_flows', flow))).status).toBe(429);
    const admin = few.as('operations', 'admin');
    expect((await admin('GET', pathOf('tap_flows', flow))).status).toBe(200);
  });
});
