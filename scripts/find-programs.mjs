// Which real programs this machine has, and how the missing ones can be had.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export function onPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(executable);
}

/** The `vpp` of VPP_PREFIX or else of the PATH, with the folder of its API definitions where there is one. */
export function findVpp() {
  const prefix = process.env.VPP_PREFIX;
  if (prefix) {
    const candidate = join(prefix, 'bin', 'vpp');
    return executable(candidate) ? candidate : undefined;
  }
  return onPath('vpp');
}

/**
 * Real etcd for the tests: from the PATH, else from Debian's packages where this user may install them.
 * @returns {string | undefined} undefined if there is none and none could be installed; then it has said what to do
 */
export function ensureEtcd() {
  const found = onPath('etcd');
  if (found) return found;
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    process.stderr.write('installing etcd (apt-get install etcd-server) ...\n');
    // policy-rc.d is left alone: a machine that starts services on installation does so on etcd's own ports, which no test uses.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => spawnSync('apt-get', args, { env, encoding: 'utf8' });
    apt('update', '-q');
    const installed = apt('install', '-y', '-q', '--no-install-recommends', 'etcd-server');
    if (installed.status === 0 && onPath('etcd')) return onPath('etcd');
    process.stderr.write(`${installed.stdout}${installed.stderr}\n`);
  }
  process.stderr.write(
    'The tests need a real etcd, 3.4 or newer, on the PATH. Debian and Ubuntu: apt-get install etcd-server\n',
  );
  return undefined;
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
