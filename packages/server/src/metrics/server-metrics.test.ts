import { Metrics, systemClock } from '@taas/service';
import { createEmbeddedStore } from '@taas/store/testing';
import { expect, it } from 'vitest';
import { AnsweredRequests } from './answered-requests.js';
import { exposeServer, type ServerFigures, serverHistograms } from './server-metrics.js';
import { timedStore } from './timed-store.js';

const compiler = { backlog: 1, transactions: 2, conflicts: 3, failures: 4 };
const figures = {
  ...{ requests: [], leading: true, fresh: true, compiler, malformed: 0 },
  ...{ eventAgeMs: null, space: null, agents: { there: 3, silent: 1 }, receipts: null },
} satisfies ServerFigures;

const linesOf = async (metrics: Metrics) =>
  (await metrics.scrape()).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

it('what is not known is not shown, and what is known is', async () => {
  const metrics = new Metrics();
  let now: ServerFigures = figures;
  exposeServer(metrics, () => now, {
    all: () => [{ labels: { kind: 'tap_flows', status: 'ACTIVE' }, value: 7 }],
    expiring: () => [{ labels: { kind: 'tap_flows' }, value: 2 }],
  });
  const before = await linesOf(metrics);
  expect(before.filter((line) => /etcd_event_age|etcd_db|quota_bytes|receipt/.test(line))).toEqual([]);
  expect(before).toContain('taas_taps{kind="tap_flows",status="ACTIVE"} 7');
  expect(before).toContain('taas_taps_expiring{kind="tap_flows"} 2');
  expect(before).toContain('taas_agents{state="silent"} 1');
  const receipts = { services: 5, withoutFigures: 2, problems: 1 };
  now = { ...figures, receipts, eventAgeMs: 1_500, space: { dbBytes: 5, quotaBytes: 10 } };
  const after = await linesOf(metrics);
  for (const line of [
    'taas_etcd_event_age_seconds 1.5',
    'taas_etcd_db_bytes 5',
    'taas_etcd_quota_bytes 10',
    'taas_receipt_tap_services{figures="yes"} 3',
    'taas_receipt_tap_services{figures="no"} 2',
    'taas_receipt_problems 1',
  ])
    expect(after).toContain(line);
});

it('requests have a bounded number of series, whatever clients send', async () => {
  const metrics = new Metrics();
  const answered = new AnsweredRequests(metrics.histogram(serverHistograms.requestDuration));
  for (let n = 0; n < 100; n++) answered.note({ method: `X${n}`, resource: 'other', status: 405, seconds: 0.02 });
  answered.note({ method: 'GET', resource: 'tap_flows', status: 200, seconds: 0.3 });
  expect([...answered.samples()]).toMatchObject([
    { labels: { method: 'other', resource: 'other', status: '405' }, value: 100 },
    { labels: { method: 'GET', resource: 'tap_flows', status: '200' }, value: 1 },
  ]);
  const lines = await linesOf(metrics);
  expect(lines).toContain('taas_api_request_duration_seconds_count{method="other",resource="other"} 100');
  expect(lines).toContain('taas_api_request_duration_seconds_bucket{le="0.25",method="GET",resource="tap_flows"} 0');
  expect(lines).toContain('taas_api_request_duration_seconds_bucket{le="0.5",method="GET",resource="tap_flows"} 1');
});

it('the time of calls to etcd is known, of those that fail, too', async () => {
  const embedded = createEmbeddedStore({ clock: systemClock });
  const seen: [string, number][] = [];
  const store = timedStore(embedded, systemClock, ({ operation = '' }, seconds) => seen.push([operation, seconds]));
  await store.get('/x');
  await store.list('/x');
  await store.transact({ compare: [], operations: [{ kind: 'put', key: '/x', value: '1' }] });
  await expect(store.get('/x', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow();
  expect(seen.map(([operation]) => operation)).toEqual(['get', 'list', 'transact', 'get']);
  expect(seen.every(([, seconds]) => seconds >= 0 && seconds < 5)).toBe(true);
  await store.close();
});
