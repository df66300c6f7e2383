import { spawnSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { debOf, field } from '../deb-file.js';
import { writeOlder } from '../older.js';
import { changesOf, playbooks } from './ansible.js';
import { AnsibleCloud, hosts, portId, secrets } from './ansible-cloud.js';

const there = (program: string): boolean => spawnSync(program, ['--version']).status === 0;
const missing = ['ansible-playbook', 'ansible-lint'].filter((program) => !there(program));
const why = missing.length === 0 ? '' : ` (skipped: no ${missing.join(', no ')})`;
const programs = ['taas-server', 'taas-agent'] as const;
const versions = 'dpkg-query -W taas-agent taas-server';

it.skipIf(why !== '')(`ansible-lint has nothing to say, by its strictest profile${why}`, () => {
  const args = ['--offline', '--nocolor', '-q', '--profile', 'production', 'deploy.yml', 'remove.yml', 'roles/taas'];
  const run = spawnSync('ansible-lint', args, { cwd: playbooks, encoding: 'utf8' });
  expect({ status: run.status, said: run.stdout }).toEqual({ status: 0, said: '' });
});

describe.skipIf(why !== '')(`deploy/ansible, on two machines${why}`, { timeout: 900_000 }, () => {
  let cloud: AnsibleCloud;
  let before: string[];
  const packages = inject('packages');

  beforeAll(async () => {
    cloud = await AnsibleCloud.make();
    before = await cloud.everything();
    for (const name of programs)
      writeOlder(packages, name, join(cloud.packages, `${name}_0.0.9-1_${architecture()}.deb`));
  }, 1_500_000);
  afterAll(() => cloud?.remove());

  const architecture = (): string => field(debOf(packages, 'taas-server'), 'Architecture');
  /** What curl gets in the first machine. */
  const curl = (...words: string[]): Promise<string> =>
    cloud.machines.one.must(`curl -sS --max-time 10 ${words.map((word) => `'${word}'`).join(' ')}`);
  /** The API by the proxy that the role has set up. */
  const api = (path: string, ...words: string[]): Promise<string> =>
    curl(
      '-H',
      'X-Project-Id: demo',
      '-H',
      'Content-Type: application/json',
      ...words,
      `http://127.0.0.1:9700/v2.0/taas/${path}`,
    );
  const create = async (kind: string, body: object): Promise<string> => {
    const answer = JSON.parse(await api(`${kind}s`, '--data', JSON.stringify({ [kind]: body })));
    expect(answer).toMatchObject({ [kind]: { id: expect.any(String) } });
    return answer[kind].id;
  };

  it('says in a dry run what it would do, and does none of it', async () => {
    const played = await cloud.ansible.must('deploy.yml', '--check');
    expect(changesOf(played)).toContain('one: Copy taas-server');
    expect(await cloud.everything()).toEqual(before);
  });

  it('installs, tells nobody a secret, and leaves each ready', async () => {
    const { output } = await cloud.ansible.must('deploy.yml', '--diff', '-v');
    for (const secret of secrets) expect(output).not.toContain(secret);
    for (const host of hosts) {
      const must = (script: string) => cloud.machines[host].must(script);
      expect(await must('systemctl is-active taas-server taas-agent')).toBe('active\nactive\n');
      expect(await must('stat -c "%a %U %G" /etc/taas/* | sort -u')).toBe('640 root taas\n');
      expect(await must(versions)).toBe('taas-agent\t0.0.9-1\ntaas-server\t0.0.9-1\n');
    }
  });

  it('has nothing to do when it runs again', async () => {
    const played = await cloud.ansible.must('deploy.yml');
    expect(changesOf(played)).toEqual([]);
    expect(played.changed).toEqual({ one: 0, two: 0 });
  });

  it('has made a cloud in which a tap becomes ACTIVE, by the proxy, with signatures', async () => {
    for (const port of [1, 2])
      await cloud.etcdctl(`put /networking-vpp/nodes/one/ports/${portId(port)} '{"project_id": "demo"}'`);
    const service = await create('tap_service', { name: 'ids', port_id: portId(2) });
    const flow = { name: 'web', tap_service_id: service, source_port: portId(1), direction: 'BOTH' };
    await create('tap_flow', flow);
    await expect.poll(() => api('tap_flows'), { timeout: 60_000, interval: 500 }).toContain('"status":"ACTIVE"');
    const { signatures } = JSON.parse(await curl('http://10.77.0.1:9699/readyz'));
    expect(signatures).toMatchObject({ verified: expect.any(Number), refused: {} });
  });

  it('has Prometheus scrape all of them', async () => {
    const up = async () => {
      const asked = await cloud.machines.two.must("curl -sS 'http://127.0.0.1:9090/api/v1/query?query=up'");
      const { result } = JSON.parse(asked).data as {
        result: { metric: Record<string, string>; value: [number, string] }[];
      };
      return result.map(({ metric, value }) => `${metric['job']} ${metric['host']} ${value[1]}`).sort();
    };
    const ours = programs.flatMap((job) => hosts.map((host) => `${job} ${host} 1`));
    await expect.poll(up, { timeout: 60_000, interval: 1_000 }).toEqual(expect.arrayContaining(ours));
    expect(await cloud.machines.two.must('curl -sS http://127.0.0.1:9090/api/v1/rules')).toContain('AgentDown');
  });

  it('upgrades one after the other: servers, then agents, and a server is always ready', async () => {
    for (const file of readdirSync(cloud.packages)) rmSync(join(cloud.packages, file));
    for (const name of programs)
      copyFileSync(debOf(packages, name), join(cloud.packages, basename(debOf(packages, name))));
    const seen = cloud.watchServers();
    const played = await cloud.ansible.must('deploy.yml');
    const ready = await seen.stop();
    const installed = changesOf(played).filter((task) => task.includes('Install'));
    expect(installed).toEqual(programs.flatMap((name) => hosts.map((host) => `${host}: Install ${name}`)));
    // One was away while the other was there, and never both.
    expect(new Set(ready)).toEqual(new Set([1, 2]));
    const version = field(debOf(packages, 'taas-server'), 'Version');
    for (const host of hosts)
      expect(await cloud.machines[host].must(versions)).toBe(`taas-agent\t${version}\ntaas-server\t${version}\n`);
    await expect.poll(() => api('tap_flows'), { timeout: 60_000, interval: 500 }).toContain('"status":"ACTIVE"');
  });

  it('sets a new password in etcd and on the host', async () => {
    const other = ['-e', 'taas_etcd_server_password=another-secret'];
    expect(changesOf(await cloud.ansible.must('deploy.yml', ...other))).toContain('one: Set its password');
    const login = '--user taas-server:another-secret get /networking-vpp/taas/leader --keys-only';
    expect(await cloud.etcdctl(login)).toContain('/networking-vpp/taas/leader');
  });

  it('is not removed while there are taps', async () => {
    const { status, output } = await cloud.ansible.play('remove.yml');
    expect({ status, output }).toEqual({
      status: 2,
      output: expect.stringContaining('There are taps. Delete them first'),
    });
    expect(await cloud.machines.one.must('systemctl is-active taas-server taas-agent')).toBe('active\nactive\n');
  });

  it('leaves nothing when it is removed', async () => {
    for (const kind of ['tap_flow', 'tap_service']) {
      const [{ id }] = JSON.parse(await api(`${kind}s`))[`${kind}s`];
      await api(`${kind}s/${id}`, '-X', 'DELETE');
    }
    await expect
      .poll(() => cloud.etcdctl('get --prefix --keys-only /networking-vpp/taas/tap_'), { timeout: 60_000 })
      .toBe('');
    await cloud.ansible.must('remove.yml', '-e', 'taas_remove_etcd_data=true');
    // Debian's own package leaves its user.
    await cloud.machines.two.must('userdel prometheus');
    expect(await cloud.everything()).toEqual(before);
    expect(await cloud.etcdctl('get --prefix --keys-only /networking-vpp/taas/')).toBe('');
    expect(await cloud.etcdctl('user list')).toBe('root\n');
  });
});
