import { execFileSync } from 'node:child_process';
import type { TokenPort } from '@taas/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stack, uuid } from './stack.js';

const quotaBytes = 4 * 1024 * 1024;
const services = '/v2.0/taas/tap_services';
const flows = '/v2.0/taas/tap_flows';
const [tenant, neighbour] = ['tok-bbb-member', 'tok-aaa-member'];

const ports = () =>
  new Map<string, TokenPort>(
    [1, 2, 3, 4, 5, 6, 7, 8].map((n) => [uuid(n), { project: n < 5 ? 'bbb' : 'aaa', host: 'node-1' }]),
  );

const idOf = (answer: { readonly json: unknown }, resource: string): string =>
  (answer.json as Record<string, { id: string }>)[resource]?.id ?? '';

/** A PUT as large as one may be: 64 rules, otherwise each time. */
const largeUpdate = (n: number) => ({
  tap_flow: {
    filter_rules: Array.from({ length: 64 }, (_, rule) => ({
      action: 'accept',
      ethertype: 'IPv6',
      protocol: 'tcp',
      source_ip_prefix: `2001:db8:1234:5678:9abc:def0:${(n % 60_000).toString(16)}:${rule.toString(16)}/128`,
      destination_ip_prefix: '2001:db8:1234:5678:9abc:def0:1234:5678/128',
      source_port: '10000:20000',
      destination_port: '30000:40000',
    })),
  },
});

async function flowOf(stack: Stack): Promise<string> {
  const service = await stack.call(tenant, 'POST', services, { tap_service: { port_id: uuid(1) } });
  const tap_service_id = idOf(service, 'tap_service');
  const asked = { tap_flow: { tap_service_id, source_port: uuid(2), direction: 'BOTH' } };
  return idOf(await stack.call(tenant, 'POST', flows, asked), 'tap_flow');
}

/** PUTs until one is refused. @returns how many were taken, and the refusal's status */
async function putsUntilRefused(stack: Stack, most: number): Promise<{ taken: number; status: number }> {
  const path = `${flows}/${await flowOf(stack)}`;
  for (let taken = 0; taken < most; taken++) {
    const { status } = await stack.call(tenant, 'PUT', path, largeUpdate(taken));
    if (status !== 200) return { taken, status };
  }
  return { taken: most, status: 200 };
}

function etcdctl(stack: Stack, ...args: string[]): string {
  const env = { ...process.env, ETCDCTL_API: '3' };
  return execFileSync('etcdctl', ['--endpoints', stack.etcd.endpoint, ...args], { env, encoding: 'utf8' });
}

async function readyz(stack: Stack) {
  const answer = await fetch(`${stack.server(0).health}/readyz`);
  return (await answer.json()) as {
    ok: boolean;
    role: string;
    etcd_space: { room: string; in_use_bytes: number; advice?: string };
  };
}

describe('one tenant and the etcd that all share', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start({
      ports: ports(),
      etcd: { quotaBackendBytes: quotaBytes },
      config: {
        write_budget: { bytes_per_minute: 512 * 1024 },
        etcd_space: { quota_bytes: quotaBytes, check_ms: 100 },
        election: { ttl_s: 2 },
      },
    });
  });
  afterAll(() => stack.stop());

  it('a description of 500 kB is refused, and not echoed', async () => {
    const asked = { tap_service: { port_id: uuid(1), description: 'x'.repeat(500_000) } };
    const { status, text } = await stack.call(tenant, 'POST', services, asked);
    expect(status).toBe(400);
    expect(text).toContain('exceeds maximum length of 255');
    expect(text.length).toBeLessThan(300);
  });

  it('PUTs end at the budget, with 429; the neighbour does not notice', async () => {
    const { taken, status } = await putsUntilRefused(stack, 400);
    expect(status).toBe(429);
    expect(taken).toBeGreaterThan(10);
    expect((await readyz(stack)).etcd_space.room).toBe('ample');
    expect((await stack.call(neighbour, 'POST', services, { tap_service: { port_id: uuid(5) } })).status).toBe(201);
  });

  it('somebody else fills etcd: tenants are refused before the others are, and deletions go on', async () => {
    const made = await stack.call(neighbour, 'POST', services, { tap_service: { port_id: uuid(6) } });
    const space = async () => (await readyz(stack)).etcd_space;
    for (let n = 0; (await space()).room === 'ample' && n < 200; n++) {
      const before = (await space()).in_use_bytes;
      await stack.put(`/somebody/${n}`, 'x'.repeat(100_000));
      // A fast machine would fill all of this small etcd between two polls of the server's.
      await stack.until('the server has seen it', async () => {
        const { room, in_use_bytes: now } = await space();
        // It may be less, where the server has compacted history meanwhile.
        return room !== 'ample' || now !== before;
      });
    }
    await stack.until('seen', async () => (await readyz(stack)).etcd_space.room === 'tight');
    expect((await readyz(stack)).etcd_space.advice).toMatch(/compact|defragment/);
    const refused = await stack.call(neighbour, 'POST', services, { tap_service: { port_id: uuid(7) } });
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('nearly full');
    expect(refused.headers.get('retry-after')).not.toBeNull();
    // What the refusal is for: an agent's state, networking-vpp's keys.
    await stack.put('/networking-vpp/state/node-1/taas/x', '{}');
    const path = `${services}/${idOf(made, 'tap_service')}`;
    expect((await stack.call(neighbour, 'DELETE', path)).status).toBe(204);
  });

  it('NOSPACE: the server says so, reads, lives, and recovers when there is room again', async () => {
    const fill = async () => {
      for (let n = 200; n < 400; n++) await stack.put(`/somebody/${n}`, 'x'.repeat(100_000));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'full' });
    await stack.until('the alarm is seen', async () => (await readyz(stack)).etcd_space.room === 'full');
    expect((await readyz(stack)).etcd_space.advice).toContain('alarm disarm');
    expect((await stack.call(neighbour, 'GET', services)).status).toBe(200);
    expect((await stack.call(neighbour, 'POST', services, { tap_service: { port_id: uuid(7) } })).status).toBe(503);

    etcdctl(stack, 'del', '--prefix', '/somebody/');
    const { revision } = await stack.store.list('/nothing');
    etcdctl(stack, 'compact', String(revision), '--physical');
    etcdctl(stack, 'defrag');
    etcdctl(stack, 'alarm', 'disarm');
    await stack.until('room is seen', async () => (await readyz(stack)).etcd_space.room === 'ample');
    const again = await stack.call(neighbour, 'POST', services, { tap_service: { port_id: uuid(7) } });
    expect(again.status).toBe(201);
    await stack.until('it leads', async () => (await readyz(stack)).role === 'leader');
  });
});

describe('control: without budget and reserve', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await Stack.start({
      ports: ports(),
      etcd: { quotaBackendBytes: quotaBytes },
      config: {
        write_budget: { writes_per_minute: 0, bytes_per_minute: 0 },
        // It takes etcd for much larger than it is.
        etcd_space: { quota_bytes: 1024 * 1024 * 1024, history_minutes: 0 },
      },
    });
  });
  afterAll(() => stack.stop());

  it('the same tenant fills etcd, and an agent cannot write its state any more', async () => {
    const { taken, status } = await putsUntilRefused(stack, 2_000);
    expect(status).toBe(503);
    expect(taken).toBeGreaterThan(100);
    const write = async () => {
      for (let n = 0; n < 20; n++) await stack.put('/networking-vpp/state/node-1/taas/x', 'x'.repeat(50_000));
    };
    await expect(write()).rejects.toMatchObject({ code: 'full' });
  });
});
