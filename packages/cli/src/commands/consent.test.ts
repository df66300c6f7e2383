import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../host/http.js';
import { type Answering, development, sendTo, taas } from '../testing/recording-host.suite.js';
import { endOf } from './end-option.js';

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const flow = {
  id: id(2),
  name: 'web',
  direction: 'IN',
  expires_at: null,
  reason: '',
  consent: 'waiting',
  agreed_by: null,
  consent_to: 'abc',
};
const service = { id: id(1), name: 'ids' };

const api: Answering = ({ path, method }) => {
  if (path.startsWith('/v2.0/taas/tapped_ports')) {
    const one = (n: number) => ({
      ...{ port_id: id(n), project_id: 'acme', taps: 1 },
      tapped_by: [{ ...flow, kind: 'tap_flow', since: '2026-11-30T08:00:00.000Z', destination: { capture_id: id(9) } }],
    });
    if (path.endsWith(id(5))) return { json: { tapped_port: one(5) } };
    if (path.includes('marker')) return { json: { tapped_ports: [one(4)] } };
    const next = [{ rel: 'next', href: 'http://elsewhere.example/v2.0/taas/tapped_ports?marker=x' }];
    return { json: { tapped_ports: [one(3)], tapped_ports_links: next } };
  }
  if (path.endsWith('/approve')) {
    if (path.includes('captures')) return { json: { capture: { id: id(9), consent: 'given' } } };
    return { json: { tap_flow: { ...flow, consent: 'given', agreed_by: 'bob' } } };
  }
  if (method === 'PUT') return { json: path.includes('tap_flows') ? { tap_flow: flow } : { tap_service: service } };
  if (method === 'POST') return { status: 201, json: { tap_flow: flow } };
  if (/tap_\w+\/0/.test(path) && !path.endsWith(path.includes('tap_services') ? id(1) : id(2)))
    return { status: 404, json: {} };
  if (path.includes('tap_flows')) return { json: path.includes(id(2)) ? { tap_flow: flow } : { tap_flows: [flow] } };
  if (path.includes('tap_services'))
    return { json: path.includes(id(1)) ? { tap_service: service } : { tap_services: [service] } };
  return path.endsWith(id(2)) ? { status: 404, json: {} } : { json: { tap_mirrors: [] } };
};

async function run(...words: string[]) {
  return asked(null, ...words);
}

async function asked(answer: string | null, ...words: string[]) {
  const seen: HttpRequest[] = [];
  const { out, err, code } = await taas(
    { env: development, send: sendTo(api, seen), ...(answer === null ? {} : { says: answer }) },
    ...words,
  );
  const changes = seen
    .filter(({ method }) => method !== 'GET')
    .map(({ method, url, body }) => [
      method,
      new URL(url).pathname,
      body === undefined ? null : JSON.parse(String(body)),
    ]);
  return { out, err, code, changes };
}

describe('when a tap ends', () => {
  it('is said in so long, at a time with its zone, or never', () => {
    const now = Date.parse('2026-11-30T08:00:00Z');
    expect(endOf('90m', now)).toBe('2026-11-30T09:30:00.000Z');
    expect(endOf('2h', now)).toBe('2026-11-30T10:00:00.000Z');
    expect(endOf('1d', now)).toBe('2026-12-01T08:00:00.000Z');
    expect(endOf('4w', now)).toBe('2026-12-28T08:00:00.000Z');
    expect(endOf('never', now)).toBeNull();
    expect(endOf('2026-12-01T08:00:00+01:00', now)).toBe('2026-12-01T08:00:00+01:00');
    for (const wrong of ['', '0h', '2', '2y', '-1h', '9999999w', 'tomorrow', '2026-12-01', '2026-12-01T08:00:00'])
      expect(() => endOf(wrong, now)).toThrow(/--expires/);
  });

  it('goes with a new tap and its reason, and is changed by renew, of all that are named', async () => {
    const wanted = ['--service', id(1), '--port', id(3), '--direction', 'in'];
    const made = await run('create', 'flow', ...wanted, '--expires', '2026-12-01T08:00:00Z', '--reason', 'INC-7');
    expect(made.changes[0]?.[2]).toMatchObject({ tap_flow: { expires_at: '2026-12-01T08:00:00Z', reason: 'INC-7' } });
    const plain = await run('create', 'flow', ...wanted);
    expect(Object.keys(plain.changes[0]?.[2].tap_flow)).toEqual(['tap_service_id', 'source_port', 'direction']);
    const renewed = await run('renew', 'web', id(1), '--expires', 'never', '--reason', 'INC-8');
    expect(renewed.changes).toEqual([
      ['PUT', `/v2.0/taas/tap_flows/${id(2)}`, { tap_flow: { expires_at: null, reason: 'INC-8' } }],
      ['PUT', `/v2.0/taas/tap_services/${id(1)}`, { tap_service: { expires_at: null, reason: 'INC-8' } }],
    ]);
    const refused = await run('renew', 'web', 'nobody', '--expires', '2h');
    expect([refused.changes, refused.code]).not.toEqual([[], 0]);
    expect(refused.changes).toEqual([]);
    expect((await run('renew', 'web', '--expires', 'soon')).changes).toEqual([]);
  });
});

describe('consent', () => {
  it('is given to a flow by its name, and to a capture by its id', async () => {
    const approval = (consent_to: string) => [
      ['PUT', `/v2.0/taas/tap_flows/${id(2)}/approve`, { tap_flow: { consent_to } }],
    ];
    const given = await asked('y', 'approve', 'web');
    expect(given.changes).toEqual(approval('abc'));
    expect(given.out).toMatch(/agreed_by +bob/);
    expect((await run('approve', 'web', '--consent-to', 'def')).changes).toEqual(approval('def'));
    for (const no of ['n', null]) expect((await asked(no, 'approve', 'web')).changes).toEqual([]);
    expect((await run('approve', '--capture', id(9))).changes).toEqual([
      ['PUT', `/v2.0/taas/captures/${id(9)}/approve`, null],
    ]);
    expect((await run('approve', '--capture', '../audit')).changes).toEqual([]);
  });
});

describe('who taps my ports', () => {
  it('is listed over all pages, or of one port', async () => {
    const all = await run('tapped', '-f', 'value');
    expect(all.out.split('\n').map((line) => line.split('\t').slice(0, 3))).toEqual([
      [id(3), 'tap_flow', id(2)],
      [id(4), 'tap_flow', id(2)],
      [''],
    ]);
    expect((await run('tapped', id(5), '-f', 'json')).out).toContain(`"port_id": "${id(5)}"`);
  });
});
