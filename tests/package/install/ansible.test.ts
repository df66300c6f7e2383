import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { debOf } from '../deb-file.js';
import { changesOf, playbooks } from './ansible.js';
import { AnsibleCloud, hosts } from './ansible-cloud.js';

it('ansible-lint has nothing to say, by its strictest profile', () => {
  const args = ['--offline', '--nocolor', '--profile', 'production', 'deploy.yml', 'remove.yml', 'roles/taas'];
  const run = spawnSync('ansible-lint', args, { cwd: playbooks, encoding: 'utf8' });
  expect({ status: run.status, said: run.stdout }).toEqual({ status: 0, said: '' });
});

describe('deploy/ansible, on two machines', () => {
  let cloud: AnsibleCloud;
  let before: string[];

  beforeAll(async () => {
    cloud = await AnsibleCloud.make();
    before = await cloud.everything();
    for (const name of ['taas-server', 'taas-agent'] as const) {
      const deb = debOf(inject('packages'), name);
      copyFileSync(deb, join(cloud.packages, basename(deb)));
    }
  }, 1_500_000);
  afterAll(() => cloud?.remove());

  it('installs', async () => {
    const played = await cloud.ansible.must('deploy.yml');
    console.log(changesOf(played).join('\n'));
    for (const host of hosts)
      expect(await cloud.machines[host].must('systemctl is-active taas-server taas-agent')).toBe('active\nactive\n');
  });

  it('has nothing to do when it runs again', async () => {
    const played = await cloud.ansible.must('deploy.yml');
    expect(changesOf(played)).toEqual([]);
    expect(played.changed).toEqual({ one: 0, two: 0 });
  });

  it('leaves nothing when it is removed', async () => {
    await cloud.ansible.must('remove.yml');
    expect(await cloud.everything()).toEqual(before);
  });
});
