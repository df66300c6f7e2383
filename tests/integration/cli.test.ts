import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { taas } from '@taas/cli/testing';
import { Cloud } from '@taas/lab';
import { checkServerConfig, createServer, serverConfigSchema } from '@taas/server';
import { FakeKeystone, FakeNeutron, serveKeystone } from '@taas/server/testing';
import { checkConfig, silentLogger, systemClock } from '@taas/service';
import { createEmbeddedStore } from '@taas/store/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const project = 'acme';
let cloud: Cloud;

/** A command as a user of the project, in development authentication. */
const env = () => ({ OS_AUTH_TYPE: 'none', OS_PROJECT_ID: project, OS_ENDPOINT: cloud.url });
const run = (...words: string[]) => taas({ env: env() }, ...words);
const json = async (...words: string[]) => {
  const { code, out, err } = await run('-f', 'json', ...words);
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
};

beforeAll(async () => {
  cloud = await Cloud.start({
    ...{ nodes: ['node-a', 'node-b'], switch: 'simulated', store: { etcd: {} }, transport: 'vlan' },
    process: 'programs',
    ...{ clock: systemClock, logger: silentLogger },
  });
  for (const [n, node] of ['node-a', 'node-b'].entries()) {
    await cloud.addPort(node, { id: uuid(n + 1), bridgeDomain: 100 + n }, project);
  }
});
afterAll(() => cloud.stop());

describe('taas with a real server and agents', () => {
  it('makes, waits for, finds and deletes taps', async () => {
    const service = await json('create', 'service', '--port', uuid(1), '--name', 'ids', '--wait=30');
    expect(service).toMatchObject({ kind: 'tap_service', name: 'ids', status: 'ACTIVE' });
    const planned = await run(
      '-f',
      'json',
      'plan',
      'create',
      'flow',
      '--service',
      'ids',
      '--port',
      uuid(2),
      '--direction',
      'both',
    );
    expect(planned).toMatchObject({ code: 2, err: '' });
    expect(JSON.parse(planned.out)).toMatchObject({
      ...{
        changes: true,
        taps: [{ id: null, status: 'ACTIVE', copying: { transport: { type: 'vlan', takes_segment: true } } }],
      },
      nodes: [
        {
          node: 'node-b',
          change: 'add',
          steps: [`copy port ${uuid(2)}, IN and OUT, to the collector's node over VLAN`],
        },
        { node: 'node-a', change: 'change', id: service.id },
      ],
    });
    expect(await json('list', 'flows')).toEqual([]);
    const flow = await json(
      ...['create', 'flow', '--service', 'ids', '--port', uuid(2), '--direction', 'both', '--name', 'web'],
      ...['--filter', 'accept,protocol=udp,destination_port=53', '--filter', 'reject', '--wait=30'],
    );
    expect(flow).toMatchObject({ status: 'ACTIVE', direction: 'BOTH', tap_service_id: service.id });
    expect(flow.filter_rules).toMatchObject([
      { action: 'accept', protocol: 'udp', destination_port: '53' },
      { action: 'reject', protocol: null },
    ]);
    expect((await json('list')).map(({ name }: { name: string }) => name)).toEqual(['ids', 'web']);
    expect((await run('list', 'services', '--status', 'down')).out).not.toContain(service.id);
    const shown = await json('show', 'web');
    expect(shown).toEqual({ ...flow, kind: 'tap_flow' });
    expect((await run('show', 'nobody')).code).toBe(3);

    const diagnose = async () => {
      const { out } = await run(
        ...['doctor', '--report', 'json', '--server-health', cloud.server().health],
        ...cloud.nodes.flatMap(({ agent }) => ['--agent-health', agent.health]),
      );
      return JSON.parse(out) as { id: string; verdict: string; findings: object[] }[];
    };
    // A server looks at its nodes when it is asked, in the background, and again after five seconds.
    await vi.waitFor(async () => expect((await diagnose()).find(({ id }) => id === 'TAAS-D500')?.verdict).toBe('ok'), {
      timeout: 30_000,
      interval: 500,
    });
    const found = await diagnose();
    const verdicts = Object.fromEntries(found.map(({ id, verdict }) => [id, verdict]));
    for (const id of ['001', '002', '003', '004', '005', '010', '011', '012', '100', '101', '102', '103', '104', '105'])
      expect({ id, is: verdicts[`TAAS-D${id}`] }).toEqual({ id, is: 'ok' });
    for (const id of ['107', '109', '110', '200', '201', '202', '203', '204', '205', '300', '301', '302', '303'])
      expect({ id, is: verdicts[`TAAS-D${id}`] }).toEqual({ id, is: 'ok' });
    for (const id of ['112', '305', '306', '500', '501', '503', '504', '505', '506', '507', '508'])
      expect({ id, is: verdicts[`TAAS-D${id}`] }).toEqual({ id, is: 'ok' });
    // The lab's own: a simulator has no statistics segment,
    const segment = found.find(({ id }) => id === 'TAAS-D502')?.findings.map((each) => JSON.stringify(each)) ?? [];
    for (const node of cloud.nodes) expect(segment.join('\n')).toMatch(new RegExp(`node ${node.name}".*process`));
    // and it believes its callers.
    expect(verdicts['TAAS-D111']).toBe('problem');

    const traced = await json('trace', 'web', '--packet', 'ip 10.0.0.1 > 10.0.0.2 udp 53');
    expect(traced[0].hops.map(({ at, outcome }: { at: string; outcome: string }) => `${at} ${outcome}`)).toEqual([
      ...['source port passes', 'direction passes', 'VLAN filter passes', 'filter passes', 'tap passes'],
      ...['tap service passes', 'collector passes'],
    ]);
    const stopped = await run('trace', 'web', '--packet', 'ip 10.0.0.1 > 10.0.0.2 tcp 53');
    expect(stopped.out).toContain('rule 1 matches: reject');

    expect(await json('stats', 'web')).toMatchObject({
      ...{ id: flow.id, kind: 'tap_flow', current: true, unaccounted: 0, unanswered: [] },
      nodes: [{ node: 'node-b' }],
      service: { id: service.id, current: true },
    });
    const live = await run('trace', 'web', '--live', '--packet', 'ip 10.0.0.1 > 10.0.0.2 udp 53');
    expect(live.code).toBe(0);
    expect(live.out).toMatch(/counted meanwhile:\n {2}seen +IN +0 packets\n[\s\S]*service delivered +BOTH +0 packets/);

    const rate = await run(
      'plan',
      'create',
      'mirror',
      '--port',
      uuid(2),
      '--remote-ip',
      '192.0.2.9',
      '--type',
      'gre',
      '--in',
      '7',
    );
    expect(rate.code).toBe(2);
    expect(rate.out).toMatch(/^source sends now +0 packets\/s, 0 bit\/s/m);
    const before = await run('report', '--since', '1h', '-f', 'json');
    expect(JSON.parse(before.out)).toMatchObject({
      audit_trail: { known: false },
      taps: [
        { id: service.id, covers: 'part', current: true, events: null },
        { id: flow.id, covers: 'part', figures: { unaccounted: 0 }, counted: { current: true } },
      ],
    });
    const audited = await taas(
      { env: { ...env(), OS_ROLES: 'admin' }, files: new Map([['before.json', before.out]]) },
      ...['report', 'web', '--since', '2026-01-01', '--baseline', 'before.json', '-f', 'json'],
    );
    expect(JSON.parse(audited.out)).toMatchObject({
      audit_trail: { known: true },
      taps: [
        {
          id: flow.id,
          covers: expect.stringMatching(/whole|since_baseline/),
          events: expect.arrayContaining([expect.objectContaining({ event: 'created' })]),
        },
      ],
    });
    const going = await run('plan', 'delete', 'ids', '-f', 'value');
    expect(going.code).toBe(2);
    expect(going.out).toContain(`node-b\tremove\ttap_flow\tstop copying port ${uuid(2)}\n`);

    const gone = await run('delete', 'ids', '--yes', '--wait=30');
    expect(gone).toMatchObject({ code: 0 });
    expect(gone.err).toMatch(/gone after \d+\.\d{3} s/);
    expect(await json('list')).toEqual([]);
  });

  it('says the words of the API where it refuses', async () => {
    const { code, err } = await run(
      'create',
      'mirror',
      '--port',
      uuid(1),
      '--remote-ip',
      '127.0.0.1',
      '--type',
      'gre',
      '--in',
      '1',
    );
    expect(code).toBe(8);
    expect(err).toContain('is a loopback address');
    const bad = await run('create', 'flow', '--service', uuid(99), '--port', uuid(1), '--direction', 'in');
    expect(bad.code).toBe(3);
  });

  it('finds what keeps a tap from being ACTIVE', async () => {
    const service = await json('create', 'service', '--port', uuid(77), '--name', 'unbound');
    await cloud.until(
      'the server says why',
      async () => (await json('show', service.id)).status_code === 'port_not_bound',
    );
    const { code, out } = await run('doctor', 'unbound');
    expect(code).toBe(1);
    expect(out).toContain('port_not_bound');
    expect(out).toContain('openstack server add port');
    const timedOut = await run('create', 'service', '--port', uuid(78), '--wait=1');
    expect(timedOut.code).toBe(7);
    expect(timedOut.err).toContain('port_not_bound');
  });
});

it('logs in at a Keystone, whose token a server with that Keystone takes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'taas-cli-'));
  writeFileSync(join(folder, 'password'), 'the-service-password\n', { mode: 0o600 });
  const fake = new FakeKeystone({ admin: { project: 'admin', roles: ['admin', 'member', 'reader'] } });
  const keystone = await serveKeystone(fake);
  const store = createEmbeddedStore({ clock: systemClock });
  const neutron = new FakeNeutron((token) => fake.users[token]);
  neutron.ports.set(uuid(1), { project: 'admin' });
  const given = {
    ...{ listen: { host: '127.0.0.1', port: 0 }, health: { port: 0 }, networking_vpp: { bindings: 'neutron' } },
    neutron: { url: await neutron.start(), poll_ms: 500 },
    auth: {
      mode: 'keystone',
      keystone: { url: keystone.url, user_name: 'taas', password_file: join(folder, 'password') },
    },
  };
  const config = checkServerConfig(checkConfig(serverConfigSchema, given, 'test'), 'test');
  const server = createServer(config, {
    ...{ store: store.client(), clock: systemClock, logger: silentLogger, random: Math.random },
    ...{ newId: randomUUID, replica: 'r' },
  });
  await server.start();
  try {
    const env = {
      ...{ OS_AUTH_URL: keystone.url, OS_USERNAME: 'admin', OS_PASSWORD: 'my-own-password', OS_PROJECT_NAME: 'admin' },
      OS_NETWORK_ENDPOINT_OVERRIDE: server.address,
    };
    await expect.poll(async () => (await taas({ env }, 'list')).code).toBe(0);
    const made = await taas({ env }, 'create', 'service', '--port', uuid(1), '-f', 'json');
    expect(JSON.parse(made.out)).toMatchObject({ project_id: 'admin', status: 'DOWN' });
    fake.revoked.add('admin');
    const { OS_AUTH_URL: _, OS_USERNAME: __, OS_PASSWORD: ___, ...rest } = env;
    const unknown = { ...rest, OS_AUTH_TYPE: 'admin_token', OS_TOKEN: 'a-token-of-nobody' };
    const refused = await taas({ env: unknown }, '--debug', 'list');
    expect(refused.code).toBe(5);
    expect(refused.err).not.toContain('a-token-of-nobody');
  } finally {
    await server.stop();
    await store.close();
    await neutron.stop();
    await keystone.close();
    rmSync(folder, { recursive: true });
  }
});
