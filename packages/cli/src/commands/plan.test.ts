import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../host/http.js';
import { type Answering, development, sendTo, taas } from '../testing/recording-host.suite.js';
import { sleepingClock } from '../testing/sleeping-clock.suite.js';

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const service = { id: id(1), name: 'ids', port_id: id(101) };
const evil = 'node\u001b[31m';

const copying = {
  transport: { type: 'vlan', takes_segment: true },
  size: { transport: 'vlan', port_mtu: 1500, overhead: 0, needs_mtu: 1500, underlay_mtu: null },
  same_port: [{ kind: 'tap_flow', id: id(7), project_id: 'acme', direction: 'BOTH', same_service: true }],
  same_port_in_all: 1,
  forecast: { packets_per_second: null, bits_per_second: null, counted_by: { kind: 'tap_flow', id: id(7) } },
};
const plan = {
  ...{ change: 'create', kind: 'tap_flow', changes: true },
  taps: [
    { id: null, name: 'web', project_id: 'acme', status: 'ACTIVE', status_code: 'ok', status_reason: '', copying },
  ],
  nodes: [{ node: evil, kind: 'tap_flow', id: null, change: 'add', steps: ['copy port p', 'of it only VLANs 7'] }],
  ...{ nodes_in_all: 3, quotas: [{ project_id: 'acme', resource: 'tap_flow', limit: 500, used: 3, after: 4 }] },
  unknown: [{ what: 'budget', reason: 'that of the agent' }],
};

/** Figures of the tap that counts the port: 500 packets in 5 s, those of the second look not newer yet. */
function figures(look: number) {
  const [at, packets, bytes] = look < 3 ? [0, 100, 10_000] : [5, 600, 60_000];
  const of = (direction: string, times: number) => ({
    stage: 'seen',
    direction,
    packets: packets * times,
    bytes: bytes * times,
  });
  return {
    as_of: `2026-11-29T12:00:0${at}.000Z`,
    stages: [of('IN', 1), of('OUT', 2), { stage: 'copied', direction: 'IN', packets: 9, bytes: 9 }],
  };
}

function api(answer: object, seen: HttpRequest[] = []) {
  let looks = 0;
  const answering: Answering = ({ path, method }) => {
    if (path === '/v2.0/taas/plan') return { json: { plan: answer } };
    if (path.endsWith('/statistics')) {
      looks += 1;
      return { json: { statistics: figures(looks) } };
    }
    if (method === 'POST')
      return { status: 201, json: { tap_flow: { id: id(9) }, tap_service: { id: id(9) }, tap_mirror: { id: id(9) } } };
    const one = path.startsWith('/v2.0/taas/tap_services');
    return { json: { tap_services: one ? [service] : [], tap_flows: [], tap_mirrors: [] } };
  };
  return (...words: string[]) =>
    taas({ env: development, send: sendTo(answering, seen), clock: sleepingClock() }, ...words);
}
const flowWords = ['create', 'flow', '--service', 'ids', '--port', id(2)];

describe('plan', () => {
  it('says what would change, with what the source sends now, and ends with 2', async () => {
    const { code, out, err } = await api(plan)('plan', ...flowWords, '--direction', 'both');
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/^(looking what the source sends \(\d+ s\)\n)+$/),
    });
    for (const line of [
      /^create tap_flow: would change what follows\n/,
      /^status of web +ACTIVE, ok$/m,
      /^transport +vlan, takes a segment more$/m,
      /^needs an MTU of +1500 bytes between nodes$/m,
      new RegExp(`^copied already by +tap_flow ${id(7)}, BOTH, to the same tap service`, 'm'),
      /^source sends now +300 packets\/s, 240000 bit\/s, before filters$/m,
      /^quota +tap_flow 3, then 4, of 500$/m,
      /^not known +budget: that of the agent$/m,
      /^node\\u001b\[31m +add +tap_flow +of it only VLANs 7$/m,
      /^and 2 more$/m,
    ])
      expect(out).toMatch(line);
  });

  it('counts the directions that are asked for alone', async () => {
    const rates = async (direction: string) =>
      JSON.parse((await api(plan)('plan', ...flowWords, '--direction', direction, '-f', 'json')).out).taps[0].copying
        .forecast;
    expect(await rates('in')).toMatchObject({ packets_per_second: 100, bits_per_second: 80_000 });
    expect(await rates('out')).toMatchObject({ packets_per_second: 200, bits_per_second: 160_000 });
  });

  it('looks at no figures where it need not', async () => {
    const seen: HttpRequest[] = [];
    const quiet = await api(plan, seen)('plan', ...flowWords, '--direction', 'in', '--no-rate');
    expect(quiet.out).toMatch(/^source sends now +not known/m);
    const unseen = { ...plan, taps: [{ ...plan.taps[0], copying: { ...copying, forecast: { counted_by: null } } }] };
    expect((await api(unseen, seen)('plan', ...flowWords, '--direction', 'in')).out).toMatch(
      /^source sends now +not known/m,
    );
    expect(seen.filter(({ url }) => url.includes('statistics'))).toEqual([]);
  });

  it.each<string[]>([
    [...flowWords, '--direction', 'out', '--name', 'n', '--vlan-filter', '7', '--filter', 'accept,protocol=udp'],
    ['create', 'service', '--port', id(3), '--description', 'd', '--project', 'p'],
    ['create', 'mirror', '--port', id(3), '--remote-ip', '192.0.2.1', '--type', 'gre', '--in', '7'],
  ])('asks about the very request that %s %s makes', async (...words) => {
    const bodies = async (...all: string[]) => {
      const seen: HttpRequest[] = [];
      await api({ ...plan, taps: [] }, seen)(...all);
      return seen.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(String(body)));
    };
    const [[made], [planned]] = [await bodies(...words), await bodies('plan', ...words)];
    expect(made).toBeDefined();
    expect(planned).toEqual({ plan: { create: made } });
  });

  it('of a deletion asks by id, and ends with 0 where nothing would change', async () => {
    const seen: HttpRequest[] = [];
    const nothing = {
      change: 'delete',
      kind: 'tap_service',
      changes: false,
      taps: [{ status: 'PENDING_DELETE' }],
      quotas: null,
    };
    const { code, out } = await api(nothing, seen)('plan', 'delete', 'ids');
    expect(code).toBe(0);
    expect(out).toMatch(/^delete tap_service: nothing would change\n/);
    const posted = seen.filter(({ method }) => method === 'POST');
    expect(posted.map(({ body }) => JSON.parse(String(body)))).toEqual([{ plan: { delete: { tap_service: id(1) } } }]);
    expect(seen.some(({ method }) => method === 'DELETE')).toBe(false);
    expect((await api({ ...nothing, changes: true })('plan', 'delete', 'ids')).code).toBe(2);
  });

  it('has a line for each step for shells', async () => {
    const { out } = await api(plan)('plan', ...flowWords, '--direction', 'in', '--no-rate', '-f', 'value');
    expect(out).toBe(
      'node\\u001b[31m\tadd\ttap_flow\tcopy port p\nnode\\u001b[31m\tadd\ttap_flow\tof it only VLANs 7\n',
    );
  });

  it('is refused as the request would be', async () => {
    const refusal = { NeutronError: { type: 'OverQuota', message: 'Quota exceeded', detail: '' } };
    const send = sendTo(() => ({ status: 409, json: refusal }));
    const { code, err } = await taas({ env: development, send }, 'plan', 'create', 'service', '--port', id(3));
    expect({ code, err }).toEqual({ code: 8, err: 'taas: Quota exceeded (409)\n' });
  });

  it('has a help at each level', async () => {
    expect((await api(plan)('plan', 'create', 'flow', '--help')).code).toBe(0);
    expect((await api(plan)('plan', 'create', 'flow')).code).toBe(64);
    expect((await api(plan)('__complete', 'plan', 'create', '')).out.trim().split('\n')).toEqual([
      'service',
      'flow',
      'mirror',
    ]);
  });
});
