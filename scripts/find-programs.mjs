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

/** What the tests need besides Node.js: the program, and Debian's package of it. */
const testPrograms = [
  { program: 'etcd', from: 'etcd-server' },
  { program: 'etcdctl', from: 'etcd-client' },
  { program: 'openssl', from: 'openssl' },
];

/**
 * The programs that the tests need: from the PATH, else from Debian's packages where this user may install them.
 * @returns {boolean} false if one is missing and could not be installed; then it has said what to do
 */
export function ensureTestPrograms() {
  const missing = () => testPrograms.filter(({ program }) => onPath(program) === undefined);
  const packages = missing().map(({ from }) => from);
  if (packages.length === 0) return true;
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    process.stderr.write(`installing ${packages.join(', ')} (apt-get install) ...\n`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = (...args) => spawnSync('apt-get', args, { env, encoding: 'utf8' });
    apt('update', '-q');
    const installed = apt('install', '-y', '-q', '--no-install-recommends', ...packages);
    if (missing().length === 0) return true;
    process.stderr.write(`${installed.stdout}${installed.stderr}\n`);
  }
  const still = missing().map(({ program }) => program);
  const hint = missing().map(({ from }) => from);
  process.stderr.write(
    `missing on the PATH: ${still.join(', ')}. Debian and Ubuntu: apt-get install ${hint.join(' ')}\n`,
  );
  return false;
}

function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
