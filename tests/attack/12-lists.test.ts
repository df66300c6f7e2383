import type { TokenPort } from '@taas/lab';
import { keys, tapFlowCodec, tapServiceCodec } from '@taas/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

const ports = new Map<string, TokenPort>([
  [uuid(1), { project: 'big', host: 'node-1' }],
  [uuid(2), { project: 'big', host: 'node-1' }],
]);

/** Makes a tap service, and flows of one port, 120 a request, until one is refused. @returns how many there are, and the last status */
async function flood(stack: Stack, most: number): Promise<{ readonly made: number; readonly status: number }> {
  const service = await stack.call('tok-big-member', 'POST', '/v2.0/taas/tap_services', {
    tap_service: { port_id: uuid(1) },
  });
  const { id } = (service.json as unknown as { tap_service: { id: string } }).tap_service;
  const flow = { tap_service_id: id, source_port: uuid(2), direction: 'BOTH' };
  let made = 0;
  for (;;) {
    const asked = { tap_flows: Array(120).fill(flow) };
    const { status } = await stack.call('tok-big-member', 'POST', '/v2.0/taas/tap_flows', asked);
    if (status !== 201) return { made, status };
    made += 120;
    if (made >= most) return { made, status };
  }
}

describe('a server whose quotas nobody has configured', () => {
  let stack: Stack;
  beforeAll(async () => {
    // The usual rate, but for how long it takes to use it up.
    stack = await Stack.start({ ports, config: { rate_limit: { per_second: 1, burst: 20 } } });
  });
  afterAll(() => stack?.stop());

  it('lets a project have 500 flows and no more', async () => {
    expect(await flood(stack, 1_000)).toEqual({ made: 480, status: 409 });
  });

  it('answers a project that asks without end with 429 in the end, and its neighbour', async () => {
    const asked = Array.from({ length: 100 }, () =>
      stack.call('tok-big-member', 'GET', '/v2.0/taas/tap_flows?limit=1'),
    );
    const neighbour = stack.call('tok-small-member', 'GET', '/v2.0/taas/tap_flows');
    const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
    expect(statuses).toContain(429);
    expect([...statuses].every((status) => status === 200 || status === 429)).toBe(true);
    expect((await neighbour).status).toBe(200);
  });
});

describe('a server whose operator has taken the limits away', () => {
  let stack: Stack;
  const flows = 5_000;
  beforeAll(async () => {
    const config = { quotas: { tap_flow: -1 }, rate_limit: { per_second: 0 } };
    stack = await Stack.start({ ports, config });
    const operations = Array.from({ length: flows }, (_, n) => {
      const id = uuid(1_000 + n);
      const taken = { name: `flow-${n % 7}`, description: '', tap_service_id: uuid(9), source_port: uuid(2) };
      const record = {
        v: 1,
        id,
        project_id: 'big',
        created_at: n,
        ...taken,
        direction: 'BOTH',
        vlan_filter: null,
      } as const;
      return { kind: 'put', key: keys.resource('tap_flows', id), value: tapFlowCodec.format(record) } as const;
    });
    // Flows without a tap service would be taken away.
    const service = {
      v: 1,
      id: uuid(9),
      project_id: 'big',
      created_at: 0,
      name: '',
      description: '',
      port_id: uuid(1),
    } as const;
    const key = keys.resource('tap_services', service.id);
    await stack.store.transact({
      compare: [],
      operations: [{ kind: 'put', key, value: tapServiceCodec.format(service) }],
    });
    for (let at = 0; at < flows; at += 100)
      await stack.store.transact({ compare: [], operations: operations.slice(at, at + 100) });
    const last = `/v2.0/taas/tap_flows/${uuid(999 + flows)}`;
    await stack.until('all are seen', async () => (await stack.call('tok-big-member', 'GET', last)).status === 200);
  });
  afterAll(() => stack.stop());

  it('control: without a quota the flood goes on', async () => {
    expect(await flood(stack, 600)).toEqual({ made: 600, status: 201 });
  });

  it('a list comes in pages of 1,000, and who follows the links has all of it, each once', async () => {
    const seen: string[] = [];
    let path: string | undefined = `/v2.0/taas/tap_flows?tap_service_id=${uuid(9)}`;
    while (path !== undefined) {
      const { json } = await stack.call('tok-big-member', 'GET', path);
      const page = json as unknown as {
        tap_flows: { id: string }[];
        tap_flows_links?: { rel: string; href: string }[];
      };
      expect(page.tap_flows.length).toBeLessThanOrEqual(1_000);
      seen.push(...page.tap_flows.map(({ id }) => id));
      const next = page.tap_flows_links?.find(({ rel }) => rel === 'next');
      path = next && new URL(next.href).pathname + new URL(next.href).search;
    }
    expect(seen).toEqual(Array.from({ length: flows }, (_, n) => uuid(1_000 + n)));
  });

  it('hundreds of sorted lists at once are refused beyond what a project may have in progress, and a neighbour is answered', async () => {
    const sorting = Array.from({ length: 240 }, () => 'sort_key=name&sort_dir=asc').join('&');
    const evil = Array.from({ length: 120 }, () =>
      stack.call('tok-big-member', 'GET', `/v2.0/taas/tap_flows?limit=1&${sorting}`),
    );
    const ended = { evil: false };
    const all = Promise.all(evil).finally(() => {
      ended.evil = true;
    });
    const neighbour = await stack.call('tok-small-member', 'GET', '/v2.0/taas/tap_flows');
    expect(neighbour.status).toBe(200);
    // It has not had to wait for the 72 lists before it.
    expect(ended.evil).toBe(false);
    const statuses = (await all).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(72);
    expect(statuses).toContain(429);
  });
});
