import type { TokenPort } from '@taas/lab';
import { agentCodec, keys, prefixes } from '@taas/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

// Greedy tenants take all that they may of what everybody shares.

const greedy = ['bbb', 'ccc'];

/** Quotas and rates would stop the greedy before they reach what is shared. */
const unlimited = {
  quotas: { tap_service: -1, tap_flow: -1, tap_mirror: -1 },
  ...{ rate_limit: { per_second: 0 }, write_budget: { writes_per_minute: 0 } },
};

function portsOf(projects: readonly string[]): Map<string, TokenPort> {
  return new Map(
    projects.flatMap((project, n) => [1, 2].map((of) => [uuid(10 * (n + 1) + of), { project, host: `node-${of}` }])),
  );
}

describe.each([
  ['by default', {}, true],
  ['(control) where the operator has no share', { project_share: 1 }, false],
] as const)('segments and sessions %s', (_name, config, isFair) => {
  let stack: Stack;
  const projects = [...greedy, 'acme'];

  const post = async (project: string, kind: string, body: unknown) => {
    const path = `/v2.0/taas/${kind}s`;
    const { status, json, text } = await stack.call(`tok-${project}-member`, 'POST', path, body);
    expect([status, status === 201 ? '' : text]).toEqual([201, '']);
    return json as Readonly<Record<string, { readonly id: string } & readonly { readonly id: string }[]>> | undefined;
  };
  /** A tap between the nodes. @returns the flow's id */
  const tap = async (project: string): Promise<string> => {
    const n = 10 * (projects.indexOf(project) + 1);
    const service = (await post(project, 'tap_service', { tap_service: { port_id: uuid(n + 2) } }))?.['tap_service'];
    const flow = { tap_service_id: service?.id, source_port: uuid(n + 1), direction: 'BOTH' };
    return (await post(project, 'tap_flow', { tap_flow: flow }))?.['tap_flow']?.id ?? '';
  };
  const reasonOf = async (project: string, path: string): Promise<string> => {
    const { json } = await stack.call(`tok-${project}-member`, 'GET', path);
    const [shown] = Object.values(json ?? {}) as { readonly status: string; readonly status_reason: string }[];
    return `${shown?.status} ${shown?.status_reason}`;
  };
  const held = async (prefix: string) => (await stack.store.list(prefix)).entries.length;
  /** Until the compiler has nothing more to do. */
  const settled = (prefix: string) => {
    let last = -1;
    return stack.until('nothing changes', async () => {
      const before = last;
      last = (await stack.store.list(prefix)).entries.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return last === before;
    });
  };

  beforeAll(async () => {
    const segments = [{ type: 'vlan', physnet: 'physnet1', first: 3900, last: 3919, exclusive: true }];
    stack = await Stack.start({ ports: portsOf(projects), config: { segments, ...config, ...unlimited } });
    for (const n of [1, 2]) {
      const record = { v: 1, node: `node-${n}`, agent_version: '1', vpp_version: '26.06' } as const;
      const uplinks = { tunnel_address: `10.0.1.${n}`, physnets: ['physnet1'], layer2_physnets: [], capabilities: [] };
      await stack.put(keys.agent(record.node), agentCodec.format({ ...record, ...uplinks }));
    }
  });
  afterAll(() => stack.stop());

  it(isFair ? 'are left for whoever comes' : 'are all taken by those who came first', async () => {
    for (const project of greedy) for (let n = 0; n < 20; n += 1) await tap(project);
    await settled(prefixes.segments);
    const flow = await tap('acme');
    if (isFair) {
      expect(await held(prefixes.segments)).toBeLessThan(20);
      await stack.until(
        'there is one for the third',
        async () => (await stack.store.get(keys.nodeResource('node-1', 'tap_flows', flow))) !== undefined,
      );
      return;
    }
    expect(await held(prefixes.segments)).toBe(20);
    await stack.until('he waits', async () =>
      /^PENDING_CREATE no id is free/.test(await reasonOf('acme', `/v2.0/taas/tap_flows/${flow}`)),
    );
    const shown = await reasonOf('acme', `/v2.0/taas/tap_flows/${flow}`);
    // Neither by whom nor how much: the same words for who has had his share.
    expect(shown).toContain('no id is free for this project of VLANs of physnet physnet1: ');
    expect(shown).not.toMatch(/bbb|ccc|\b39\d\d\b|\b20\b|share/);
  });

  it(isFair ? 'of ERSPAN to one collector are, too' : 'of ERSPAN to one collector are all taken', async () => {
    const mirror = (project: string, ids: readonly number[]) => {
      const port_id = uuid(10 * (projects.indexOf(project) + 1) + 1);
      const common = { port_id, mirror_type: 'erspanv1', remote_ip: '203.0.113.9' };
      return post(project, 'tap_mirror', { tap_mirrors: ids.map((id) => ({ ...common, directions: { IN: id } })) });
    };
    const all = Array.from({ length: 1024 }, (_, id) => id);
    for (let from = 0; from < all.length; from += 48) await mirror('bbb', all.slice(from, from + 48));
    const published = keys.nodeResource('node-1', 'tap_mirrors', '');
    await settled(published);
    const [mine] = (await mirror('acme', [7]))?.['tap_mirrors'] ?? [];
    const isPublished = async () => (await stack.store.get(`${published}${mine?.id}`)) !== undefined;
    if (isFair) {
      expect(await held(published)).toBeLessThan(300);
      await stack.until('there is a session for the other', isPublished);
      return;
    }
    expect(await held(published)).toBe(1024);
    await stack.until('he waits', async () =>
      /no ERSPAN session/.test(await reasonOf('acme', `/v2.0/taas/tap_mirrors/${mine?.id}`)),
    );
    expect(await isPublished()).toBe(false);
    expect(await reasonOf('acme', `/v2.0/taas/tap_mirrors/${mine?.id}`)).not.toMatch(/bbb|1024/);
  });
});
