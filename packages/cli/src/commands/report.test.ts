import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../host/http.js';
import { type Answering, development, sendTo, taas } from '../testing/recording-host.suite.js';
import { sleepingClock } from '../testing/sleeping-clock.suite.js';

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const flow = { id: id(2), name: '=cmd', project_id: 'acme', status: 'ACTIVE' };
const mirror = { id: id(3), name: 'out', project_id: 'acme', status: 'DOWN' };
const huge = '18446744073709551615';

const statistics = (
  seen: string,
  lost: number,
) => `{"statistics": {"id": "${id(2)}", "since": "2026-10-01T00:00:00.000Z",
  "as_of": "2026-11-29T12:00:00.000Z", "current": true, "stages": [{"stage": "seen", "direction": "IN", "packets": ${seen}, "bytes": null}],
  "lost": [{"cause": "ring_full", "packets": ${lost}}], "gaps": [{"cause": "not_active", "milliseconds": 1500}],
  "unaccounted": 0, "completeness": 0.9, "unanswered": []}}`;
const audit = [
  {
    id: 'e1',
    time: '2026-11-20T08:00:00.000Z',
    event: 'created',
    user_id: 'eve',
    tap: { kind: 'tap_flows', id: id(9), name: 'was', project_id: 'acme' },
    detail: '',
  },
  {
    id: 'e2',
    time: '2026-11-21T08:00:00.000Z',
    event: 'deleted',
    user_id: 'bob',
    tap: { kind: 'tap_flows', id: id(9), project_id: 'acme' },
    detail: '',
  },
];

interface Api {
  readonly seen?: string;
  readonly lost?: number;
  readonly trail?: boolean;
  readonly busy?: number;
}
function api(
  { seen = '1000', lost = 100, trail = true, busy = 0 }: Api,
  requests: HttpRequest[] = [],
  files = new Map<string, string>(),
) {
  let refusals = busy;
  const answering: Answering = ({ path }) => {
    if (path.startsWith('/v2.0/taas/audit'))
      return trail
        ? { json: { audit: path.includes('limit=1&') || path.endsWith('limit=1') ? audit.slice(0, 1) : audit } }
        : { status: 403, json: { NeutronError: { type: 'x', message: 'not for you' } } };
    if (path === `/v2.0/taas/tap_flows/${id(2)}/statistics`) {
      if (refusals-- > 0) return { status: 429, headers: { 'retry-after': '5' }, json: {} };
      return { body: statistics(seen, lost) };
    }
    if (path.endsWith('/statistics')) return { status: 503, json: { NeutronError: { message: 'no figures' } } };
    return { json: { tap_services: [], tap_flows: path.includes('tap_flows') ? [flow] : [], tap_mirrors: [mirror] } };
  };
  return (...words: string[]) =>
    taas({ env: development, send: sendTo(answering, requests), clock: sleepingClock(), files }, 'report', ...words);
}

describe('report', () => {
  it('says of each tap which time its figures are about, and what is not known', async () => {
    const { code, out } = await api({})();
    expect(code).toBe(0);
    expect(out).toMatch(
      new RegExp(`^${id(2)} +tap_flow +=cmd +longer +2026-10-01T00:00:00.000Z +1000 +100 +1.5 +0 +0.9$`, 'm'),
    );
    expect(out).toMatch(new RegExp(`^${id(3)} +tap_mirror +out +none$`, 'm'));
    expect(out).toMatch(new RegExp(`^${id(9)} +tap_flow +was +none$`, 'm'));
    expect(out).toContain(`${id(3)}: no figures (503)`);
    expect(out).toContain(`${id(9)}: it is gone, and what it had counted went with it`);
    expect(out).toContain('period 2026-10-30T12:00:00.000Z to 2026-11-29T12:00:00.000Z');
    expect(out).toContain('the audit trail in etcd begins at 2026-11-20T08:00:00.000Z');
  });

  it('has what came since an earlier report, to the packet beyond 2^53', async () => {
    const files = new Map<string, string>();
    const first = await api({ seen: '18446744073709550615', lost: 10 })('-f', 'json');
    files.set('before.json', first.out);
    const second = await api({ seen: huge, lost: 110 }, [], files)('-f', 'json', '--baseline', 'before.json');
    const [one] = JSON.parse(second.out).taps;
    expect(one).toMatchObject({
      id: id(2),
      covers: 'since_baseline',
      figures: { stages: { 'seen IN': 1000 }, lost: { ring_full: 100 }, completeness: 0.9 },
    });
    // What it is compared with by the next report.
    expect(one.counted.stages[0].packets).toBe(huge);
  });

  it.each([
    ['{', 'it is no JSON'],
    ['{}', 'it is no report that this command can read'],
    ['{"version": 1, "until": "x", "taps": []}', 'it has no time or no taps'],
  ])('refuses the baseline %s', async (text, message) => {
    const { code, out, err } = await api({}, [], new Map([['b', text]]))('--baseline', 'b');
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toContain(message);
    expect((await api({})('--baseline', 'none')).code).toBe(64);
  });

  it('is CSV with the same columns for every tap, and who began and ended it', async () => {
    const [head = '', ...rows] = (await api({})('--csv')).out.trimEnd().split('\r\n');
    const columns = head.split(',');
    expect(rows).toHaveLength(3);
    for (const row of rows.slice(0, 1)) expect(row.split(',')).toHaveLength(columns.length);
    const cell = (row: string | undefined, column: string) => row?.split(',')[columns.indexOf(column)];
    expect([cell(rows[0], 'name'), cell(rows[0], 'seen'), cell(rows[0], 'lost_ring_full')]).toEqual([
      "'=cmd",
      '1000',
      '100',
    ]);
    // Not known is not 0.
    expect([cell(rows[0], 'delivered'), cell(rows[1], 'seen')]).toEqual(['', '']);
    expect([cell(rows[2], 'created_by'), cell(rows[2], 'deleted_by'), cell(rows[2], 'deleted')]).toEqual([
      'eve',
      'bob',
      '2026-11-21T08:00:00.000Z',
    ]);
  });

  it('is made without the trail by who may not read it, and says so', async () => {
    const { code, out } = await api({ trail: false })();
    expect(code).toBe(0);
    expect(out).toContain('no audit trail: not for you (403)');
    expect(out).not.toContain(id(9));
  });

  it('waits for a server that has too much to do', async () => {
    const requests: HttpRequest[] = [];
    const { out } = await api({ busy: 5 }, requests)();
    expect(out).toMatch(/ 1000 +100 +1.5/);
    expect(requests.filter(({ url }) => url.includes(`tap_flows/${id(2)}/statistics`))).toHaveLength(6);
  });

  it('refuses a period that is none', async () => {
    expect((await api({})('--since', 'tomorrow')).code).toBe(64);
  });
});
