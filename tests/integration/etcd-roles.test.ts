import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, ProgramProcess, SimSwitch, TaasClient } from '@taas/lab';
import { keys } from '@taas/model';
import { silentLogger, systemClock } from '@taas/service';
import { createEtcdStore, type Store } from '@taas/store';
import { type EtcdProcess, launchEtcd } from '@taas/store/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../deploy/etcd-roles.sh', import.meta.url));
const root = { user: 'root', password: 'root-password' };
const project = 'project-a';

let directory: string;
let etcd: EtcdProcess;
let admin: Store;
const closers: (() => Promise<unknown>)[] = [];

function roles(args: readonly string[], password = '') {
  const env = { ...process.env, ETCDCTL_ENDPOINTS: etcd.endpoint, ETCDCTL_USER: `${root.user}:${root.password}` };
  const { status, stderr } = spawnSync(script, args, { env, encoding: 'utf8', input: `${password}\n` });
  return { status, stderr };
}

function storeOf(user: string, password: string): Store {
  const common = { clock: systemClock, logger: silentLogger, random: Math.random };
  const store = createEtcdStore({ endpoints: [etcd.endpoint], user, password, ...common });
  closers.push(() => store.close());
  return store;
}

/** Credentials in a configuration file. */
function credentials(user: string, password: string): object {
  const file = join(directory, `${user}.password`);
  writeFileSync(file, password, { mode: 0o600 });
  return { endpoints: [etcd.endpoint], user, password_file: file };
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'taas-roles-'));
  etcd = await launchEtcd({ clock: systemClock, auth: { rootPassword: root.password } });
  closers.push(() => etcd.close());
  admin = storeOf(root.user, root.password);
  expect(roles(['server', 'taas-server'], 'one')).toMatchObject({ status: 0 });
  expect(roles(['agent', 'taas-n1', 'n1'], 'two')).toMatchObject({ status: 0 });
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  rmSync(directory, { recursive: true, force: true });
});

describe('the users that etcd-roles.sh makes', () => {
  it('suffice for a tap, from its creation to its end', async () => {
    const lab = await SimSwitch.start(directory, 'n1');
    closers.push(() => lab.stop());
    const [source, collector] = [randomUUID(), randomUUID()];
    for (const id of [source, collector]) {
      await lab.addPort({ id, bridgeDomain: 10 });
      const binding = { kind: 'put', key: keys.boundPort('n1', id), value: `{"project_id":"${project}"}` } as const;
      await admin.transact({ compare: [], operations: [binding] });
    }
    const [api, serverHealth, agentHealth] = [await freePort(), await freePort(), await freePort()];
    const server = {
      ...{ listen: { host: '127.0.0.1', port: api }, health: { host: '127.0.0.1', port: serverHealth } },
      ...{ auth: { mode: 'development' }, networking_vpp: { bindings: 'etcd-v3' } },
      etcd: credentials('taas-server', 'one'),
    };
    const agent = {
      ...{ node: 'n1', vpp: { api_socket: lab.apiSocket }, health: { host: '127.0.0.1', port: agentHealth } },
      etcd: credentials('taas-n1', 'two'),
    };
    for (const [program, config, healthPort] of [
      ['taas-server', server, serverHealth],
      ['taas-agent', agent, agentHealth],
    ] as const) {
      const run = new ProgramProcess({ name: program, program, directory, config, healthPort }, systemClock);
      await run.start();
      closers.push(() => run.stop());
    }
    const client = new TaasClient(`http://127.0.0.1:${api}`, project, systemClock);
    const service = await client.createTapService('roles', collector);
    const flow = await client.createTapFlow({
      ...{ name: 'roles', tapServiceId: service.id, sourcePort: source, direction: 'BOTH' },
    });
    await client.until('tap_flows', flow.id, 'ACTIVE', 30_000);
    await client.delete('tap_services', service.id);
    await client.untilGone('tap_services', service.id, 30_000);
  });

  it('keep an agent to its own node', async () => {
    const agent = storeOf('taas-n1', 'two');
    const put = (key: string) => agent.transact({ compare: [], operations: [{ kind: 'put', key, value: '{}' }] });
    await put(keys.stateResource('n1', 'tap_flows', 'x'));
    for (const key of [
      keys.nodeResource('n1', 'tap_flows', 'x'),
      keys.stateResource('n2', 'tap_flows', 'x'),
      keys.stateResource('n10', 'tap_flows', 'x'),
      keys.resource('tap_flows', 'x'),
      keys.boundPort('n1', 'x'),
    ])
      await expect(put(key)).rejects.toThrow(/permission/i);
    for (const key of [keys.nodeResource('n2', 'tap_flows', 'x'), keys.resource('tap_flows', 'x')])
      await expect(agent.get(key)).rejects.toThrow(/permission/i);
  });
});

describe('etcd-roles.sh', () => {
  it('may be run again, and does not change a password', () => {
    expect(roles(['agent', 'taas-n1', 'n1'], 'other')).toMatchObject({ status: 0 });
    const env = { ...process.env, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: etcd.endpoint, ETCDCTL_USER: 'taas-n1:two' };
    const read = spawnSync('etcdctl', ['get', keys.nodeResource('n1', 'tap_flows', 'x')], { env, encoding: 'utf8' });
    expect(read).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    [[], /^usage/],
    [['agent', 'user'], /^usage/],
    [['agent', 'user', 'a/b'], /node "a\/b"/],
    [['server', '-x'], /user "-x"/],
  ])('refuses %j, and says why', (args, message) => {
    expect(roles(args)).toEqual({ status: 2, stderr: expect.stringMatching(message) });
  });
});
