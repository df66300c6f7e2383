import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { debOf, type ProgramPackage, programs, run } from '../deb-file.js';
import { writeOlder } from '../older.js';
import { Debian, type Suite } from './debian.js';

describe.each<Suite>(['bookworm', 'trixie'])('the life of the packages on %s', (suite) => {
  let debian: Debian;
  let clean: string[];
  const packages = inject('packages');

  beforeAll(async () => {
    debian = Debian.make(suite);
    clean = await debian.everything();
    run('sh', ['-c', `cp "$0"/*.deb "$1"`, packages, debian.at('/root')]);
  }, 1_500_000);
  afterAll(() => debian?.remove());

  const install = (name: ProgramPackage): string => `dpkg -i ${basename(debOf(packages, name))}`;
  const told = (): string[] => debian.read('/run/systemctl.log').trim().split('\n');
  const older = (name: ProgramPackage): string => {
    writeOlder(packages, name, debian.at(`/root/older-${name}.deb`));
    return `dpkg -i older-${name}.deb`;
  };

  it('installed, they have a user and samples, and nothing was started', async () => {
    debian.write('/run/systemctl.log', '');
    await debian.must(programs.map(install).join('\n'));
    expect(await debian.must('getent passwd taas')).toMatch(/^taas:x:\d+:\d+:.*:\/:\/\S*nologin$/m);
    expect(new Set(told())).toEqual(new Set(['--system daemon-reload']));
    expect(await debian.must('stat -c "%n %a %U" /etc/taas/*')).toBe(
      '/etc/taas/taas-agent.yaml 644 root\n/etc/taas/taas-server.yaml 644 root\n',
    );
    expect(await debian.must('dpkg --verify taas-server taas-agent taas-cli')).toBe('');
  });

  it('their programs run, and refuse the samples', async () => {
    expect(await debian.must('taas-server --version; taas-agent --version; taas --version')).toBe(
      'taas-server 0.1.0\ntaas-agent 0.1.0\n0.1.0\n',
    );
    for (const name of ['taas-server', 'taas-agent']) {
      const { status, output } = await debian.run(`runuser -u taas -- ${name} --config /etc/taas/${name}.yaml`);
      expect({ status, output }).toMatchObject({ status: 2, output: expect.stringContaining('/etc/taas/') });
    }
  });

  it('configured again, nothing changes', async () => {
    const before = await debian.everything();
    for (const name of ['taas-server', 'taas-agent'])
      await debian.must(`/var/lib/dpkg/info/${name}.postinst configure ""`);
    expect(await debian.everything()).toEqual(before);
  });

  it('upgraded, what was changed stays and what was not is new; what runs is started anew, and only that', async () => {
    await debian.must('dpkg --purge taas-server taas-agent');
    await debian.must([older('taas-server'), older('taas-agent')].join('\n'));
    debian.write('/etc/taas/taas-agent.yaml', 'node: mine\n');
    debian.write('/run/systemctl.log', '');
    await debian.must(
      `DPKG='--force-confdef --force-confold'\n${install('taas-server')}\ndpkg $DPKG -i ${basename(debOf(packages, 'taas-agent'))}`,
    );
    expect(debian.read('/etc/taas/taas-agent.yaml')).toBe('node: mine\n');
    expect(debian.read('/etc/taas/taas-server.yaml')).toContain('Sample configuration of taas-server');
    expect(told().filter((line) => !line.includes('daemon-reload'))).toEqual([
      'try-restart taas-server.service',
      'try-restart taas-agent.service',
    ]);
  });

  it('removed, the configuration and the user stay', async () => {
    await debian.must('dpkg --remove taas-agent');
    expect(told()).toContain('stop taas-agent.service');
    expect(debian.exists('/usr/bin/taas-agent')).toBe(false);
    expect(debian.read('/etc/taas/taas-agent.yaml')).toBe('node: mine\n');
    expect(await debian.must('getent passwd taas')).toContain('taas');
  });

  it('one purged, the other keeps what they share', async () => {
    await debian.must('mkdir -p /var/lib/taas-agent && systemctl enable taas-agent && dpkg --purge taas-agent');
    expect(debian.exists('/var/lib/taas-agent')).toBe(false);
    expect(await debian.must('ls /etc/taas /etc/systemd/system/multi-user.target.wants; getent passwd taas')).toMatch(
      /^taas-server\.yaml$.*^taas:x:/ms,
    );
    expect(debian.exists('/etc/systemd/system/multi-user.target.wants/taas-agent.service')).toBe(false);
  });

  it('all purged, a key of the operator stays with its owner', async () => {
    await debian.must('touch /etc/taas/api.key && chown taas: /etc/taas/api.key && dpkg --purge taas-server taas-cli');
    expect(await debian.must('stat -c "%n %U" /etc/taas/*')).toBe('/etc/taas/api.key taas\n');
  });

  it('and without one, nothing is left', async () => {
    await debian.must(
      `rm /etc/taas/api.key\n${programs.map(install).join('\n')}\ndpkg --purge taas-server taas-agent taas-cli`,
    );
    expect(await debian.everything()).toEqual(clean);
  });
});
