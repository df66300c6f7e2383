import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** This machine has no OpenStack, and none can be installed; the message says what to do. */
export class OpenStackMissingError extends Error {
  override readonly name = 'OpenStackMissingError';
}

const base = [
  'keystone',
  'neutron-server',
  'python3-openstackclient',
  'python3-neutronclient',
  // The commands `openstack tap ...` come with the plugin that this project stands in for.
  'python3-neutron-taas',
  'uwsgi-core',
  'uwsgi-plugin-python3',
] as const;

const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Debian's Keystone, Neutron and client; installed through apt where that is possible, without starting any of them.
 * @returns what had to be installed
 * @throws OpenStackMissingError
 */
export function ensureOpenStackPackages(say: (line: string) => void): readonly string[] {
  const missing = base.filter((name) => !installed(name));
  if (missing.length === 0) return [];
  const wanted = missing.join(' ');
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get'))
    throw new OpenStackMissingError(`not installed, and only root on Debian 12 can install it: ${wanted}`);
  say(`apt-get install ${wanted}`);
  withServicesHeldBack(() => {
    if (!apt('install', ...missing).ok) {
      apt('update');
      const second = apt('install', ...missing);
      if (!second.ok) throw new OpenStackMissingError(`apt-get install ${wanted} failed:\n${second.output}`);
    }
  });
  return missing;
}

function installed(name: string): boolean {
  const asked = spawnSync('dpkg-query', ['-W', '-f', `\${db:Status-Status}`, name], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout === 'installed';
}

function apt(command: 'install' | 'update', ...names: string[]): { ok: boolean; output: string } {
  const more = command === 'install' ? ['-y', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold'] : [];
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = spawnSync('apt-get', [command, '-q', ...more, ...names], { env, encoding: 'utf8', maxBuffer: 1 << 26 });
  return { ok: run.status === 0, output: `${run.stdout}${run.stderr}`.split('\n').slice(-30).join('\n') };
}

/** Debian starts what it installs, unless this file forbids it. One that is there already is the machine's own. */
function withServicesHeldBack(work: () => void): void {
  const ours = !existsSync(policyFile);
  if (ours) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    if (ours) rmSync(policyFile, { force: true });
  }
}
