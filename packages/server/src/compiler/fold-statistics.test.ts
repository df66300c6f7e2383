import {
  keys,
  type StatisticsRecord,
  statisticsCapability,
  statisticsCodec,
  statisticsTotalsCodec,
  tapStateCodec,
} from '@taas/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acme, portId, type Replica, TestCloud } from '../test-cloud.suite.js';

let cloud: TestCloud;
let server: Replica;
let service: string;
let flow: string;
const nodes = ['node1', 'node2', 'node3'];

beforeEach(async () => {
  cloud = new TestCloud();
  await cloud.bind('node1', portId(1), acme);
  await cloud.bind('node2', portId(2), acme);
  for (const node of nodes) await cloud.agent(node, { capabilities: [statisticsCapability] });
  server = await cloud.replica({ statistics: { waitMs: 20 } });
  await cloud.lead(server);
  const alice = server.as(acme);
  service = (await alice('POST', '/v2.0/taas/tap_services', { tap_service: { port_id: portId(2) } })).body.tap_service
    .id;
  const body = { tap_service_id: service, source_port: portId(1), direction: 'IN' };
  flow = (await alice('POST', '/v2.0/taas/tap_flows', { tap_flow: body })).body.tap_flow.id;
  await cloud.converge(nodes);
});
afterEach(() => cloud.stop());

const record = (id: string, packets: bigint, more: Partial<StatisticsRecord> = {}): string =>
  statisticsCodec.format({
    ...{ v: 1, id, since: 1_000, at: 2_000, final: true },
    stages: [{ stage: 'seen', direction: 'IN', packets: `${packets}`, bytes: `${packets}` }],
    gaps: [{ cause: 'not_active', milliseconds: 5, packets: '2' }],
    ...more,
  });
const final = (node: string, kind: 'tap_flows' | 'tap_services', id: string, value: string) =>
  cloud.put(keys.statistics(node, kind, id), value);

/** The source moves; the node that it leaves says what it had counted before it confirms, as an agent does. */
async function move(from: string, to: string, finals: Readonly<Record<string, string>>): Promise<void> {
  await cloud.unbind(from, portId(1));
  await cloud.bind(to, portId(1), acme);
  // Up to the tombstone, which nobody confirms yet.
  for (let n = 0; n < 4; n += 1) {
    await cloud.settle();
    for (const node of nodes) if (node !== from) await cloud.report(node);
    await cloud.settle();
    const published = await cloud.store.get(keys.nodeResource(from, 'tap_flows', flow));
    if (published?.value.includes('"removed":true')) break;
  }
  for (const [kind, value] of Object.entries(finals))
    await final(from, kind as 'tap_flows', kind === 'tap_flows' ? flow : service, value);
  await cloud.converge(nodes);
}

async function totals(kind: 'tap_flows' | 'tap_services', id: string) {
  const key = keys.statisticsTotals(kind, id);
  const kv = await cloud.store.get(key);
  return kv ? statisticsTotalsCodec.parse(key, kv.value) : null;
}

interface Shown {
  readonly statistics: { readonly stages: readonly { readonly packets: number }[]; readonly earlier: object | null };
}

describe('what a node has counted', () => {
  it('is kept when the tap leaves it, once, over several moves, and shown as what was before', async () => {
    await move('node1', 'node3', { tap_flows: record(flow, 10n), tap_services: record(service, 7n) });
    expect(await totals('tap_flows', flow)).toMatchObject({ stages: [{ packets: '10' }], unreadable: 0, since: 1_000 });
    expect(await totals('tap_services', service)).toMatchObject({ stages: [{ packets: '7' }] });
    for (const [kind, id] of [
      ['tap_flows', flow],
      ['tap_services', service],
    ] as const)
      expect(await cloud.store.get(keys.statistics('node1', kind, id))).toBeUndefined();
    expect(await cloud.store.get(keys.nodeResource('node1', 'tap_flows', flow))).toBeUndefined();
    await move('node3', 'node1', { tap_flows: record(flow, 5n) });
    expect(await totals('tap_flows', flow)).toMatchObject({
      stages: [{ packets: '15', bytes: '15' }],
      gaps: [{ cause: 'not_active', milliseconds: 10, packets: '4' }],
    });
    await final('node1', 'tap_flows', flow, record(flow, 100n, { final: false, at: Date.now() }));
    await cloud.caughtUp();
    const shown = (await server.as(acme)('GET', `/v2.0/taas/tap_flows/${flow}/statistics`)).body as unknown as Shown;
    expect(shown.statistics).toMatchObject({ stages: [{ packets: 115 }], earlier: { stages: [{ packets: 15 }] } });
  });

  it('is not kept of a record that cannot be read, which is said, and holds nothing up', async () => {
    await move('node1', 'node3', { tap_flows: '{"v":1,"final":true}' });
    expect(await totals('tap_flows', flow)).toMatchObject({ stages: [], unreadable: 1 });
    expect(await cloud.store.get(keys.nodeResource('node1', 'tap_flows', flow))).toBeUndefined();
  });

  it.each(['told', undefined] as const)(
    'is missing where the last figures have not come (%s), and that is said',
    async (figures) => {
      cloud.figures = figures;
      await move('node1', 'node3', {});
      expect(await totals('tap_flows', flow)).toMatchObject({ stages: [], unreadable: 1, since: null, at: null });
      expect(await totals('tap_services', service)).toMatchObject({ unreadable: 1 });
      expect(await cloud.store.get(keys.nodeResource('node1', 'tap_flows', flow))).toBeUndefined();
      await move('node3', 'node1', { tap_flows: record(flow, 5n) });
      expect(await totals('tap_flows', flow)).toMatchObject({ unreadable: 1, since: 1_000, at: 2_000 });
      const shown = (await server.as(acme)('GET', `/v2.0/taas/tap_flows/${flow}/statistics`)).body as unknown as Shown;
      expect(shown.statistics).toMatchObject({ completeness: null, earlier: { unreadable: 1 } });
    },
  );

  it('is not missing where the node says that nothing was counted', async () => {
    await move('node1', 'node3', {});
    expect([await totals('tap_flows', flow), await totals('tap_services', service)]).toEqual([null, null]);
    expect(await cloud.store.get(keys.nodeResource('node1', 'tap_flows', flow))).toBeUndefined();
  });

  it('goes with the tap, and what comes last of a deleted one is not added', async () => {
    await move('node1', 'node3', { tap_flows: record(flow, 10n), tap_services: record(service, 7n) });
    await server.as(acme)('DELETE', `/v2.0/taas/tap_services/${service}`);
    await cloud.settle();
    await final('node3', 'tap_flows', flow, record(flow, 3n));
    await cloud.caughtUp();
    for (const node of nodes) await cloud.report(node);
    await cloud.converge(nodes);
    expect([await totals('tap_flows', flow), await totals('tap_services', service)]).toEqual([null, null]);
    expect(await cloud.store.get(keys.statistics('node3', 'tap_flows', flow))).toBeUndefined();
    expect(server.live.view.flows.size + server.live.view.totals.size + server.live.view.finals.size).toBe(0);
  });

  it('goes with a tap that no node has any more when it is deleted', async () => {
    await cloud.unbind('node1', portId(1));
    await cloud.settle();
    const key = keys.nodeResource('node1', 'tap_flows', flow);
    const { modRevision: revision = 0 } = (await cloud.store.get(key)) ?? {};
    expect(revision).toBeGreaterThan(0);
    await cloud.put(
      keys.statisticsTotals('tap_flows', flow),
      statisticsTotalsCodec.format({ v: 1, id: flow, since: 1, at: 2, unreadable: 0, stages: [], gaps: [] }),
    );
    const gone = tapStateCodec.format({ v: 1, id: flow, revision, status: 'REMOVED', reason: '' });
    await cloud.put(keys.stateResource('node1', 'tap_flows', flow), gone);
    await cloud.converge(nodes);
    await server.as(acme)('DELETE', `/v2.0/taas/tap_flows/${flow}`);
    await cloud.converge(nodes);
    expect(await totals('tap_flows', flow)).toBeNull();
    expect(await cloud.store.get(keys.resource('tap_flows', flow))).toBeUndefined();
  });
});
