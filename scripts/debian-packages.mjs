// What the tests need of Debian's packages, installed through apt where this user may.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { onPath } from './find-programs.mjs';

/** What the tests need besides Node.js: the program, and the package of it. */
const programs = [
  { program: 'etcd', from: 'etcd-server' },
  { program: 'etcdctl', from: 'etcd-client' },
  { program: 'openssl', from: 'openssl' },
  { program: 'tshark', from: 'tshark' },
  { program: 'tcpdump', from: 'tcpdump' },
  { program: 'faketime', from: 'faketime' },
];

/** What packages are made with, and their manual is read with. */
const packaging = [
  { program: 'strip', from: 'binutils' },
  { program: 'objdump', from: 'binutils' },
  { program: 'groff', from: 'groff' },
];

/** Makes a Debian for packages to be installed in; says what is wrong with packages. */
const packageCheckers = [
  { program: 'debootstrap', from: 'debootstrap' },
  { program: 'lintian', from: 'lintian' },
];

/** Runs the role of deploy/ansible against machines of its own, and says what is wrong with it; signs what stands in etcd there. */
const deployment = [
  { program: 'ansible-playbook', from: 'ansible' },
  { program: 'ansible-lint', from: 'ansible-lint' },
  { program: 'openssl', from: 'openssl' },
];

/** A virtio driver with nothing around it, which stands in for a VM beside a real VPP. */
const driver = { program: 'dpdk-testpmd', from: 'dpdk-dev' };

/** In which the dashboard is tried. */
const browser = { program: 'chromium', from: 'chromium' };

/** Checks the alert rules. */
const rulesChecker = { program: 'promtool', from: 'prometheus' };

/** They enforce the system call filter of the units; `systemd-analyze` knows which calls are in systemd's groups. */
const filter = ['systemd', 'python3-seccomp'];

/** A real Keystone, Neutron, Heat and Horizon, their client and a proxy before them, as Debian 12 has them. */
const openstack = [
  'haproxy',
  // One of its resources is a tap.
  'heat-api',
  'heat-engine',
  'keystone',
  'neutron-server',
  // Horizon with its themes and policies; our panel is in it.
  'openstack-dashboard',
  'python3-openstackclient',
  'python3-neutronclient',
  // The commands `openstack tap ...` come with the plugin that this project stands in for.
  'python3-neutron-taas',
  // Neutron's plugin of it asks our driver: two of its processes write at the same time, which SQLite does not take.
  'mariadb-client-core',
  'mariadb-server-core',
  'python3-pymysql',
  // Upstream's own tests of that plugin's API.
  'neutron-tempest-plugin',
  'uwsgi-core',
  'uwsgi-plugin-python3',
];

/** What networking-vpp imports that Neutron does not bring along. */
const neighbour = ['python3-etcd', 'python3-jwt', 'python3-openssl', 'python3-pyinotify', 'python3-pyudev'];

/** Long enough for a slow mirror; a hanging one must not hold up a test run for ever. */
const limitMinutes = 20;

const mayInstall = () => process.getuid?.() === 0 && onPath('apt-get') !== undefined;

/**
 * The programs that the tests need: from the PATH, else from packages.
 * @returns {Promise<boolean>} false if one is missing and could not be installed; then it has said what to do
 */
export async function ensurePrograms() {
  const missing = () => programs.filter(({ program }) => onPath(program) === undefined);
  if (missing().length === 0) return true;
  if (mayInstall()) await installPackages(missing().map(({ from }) => from));
  const still = missing();
  if (still.length === 0) return true;
  const [names, packages] = [still.map(({ program }) => program), still.map(({ from }) => from)];
  process.stderr.write(
    `missing on the PATH: ${names.join(', ')}. Debian and Ubuntu: apt-get install ${packages.join(' ')}\n`,
  );
  return false;
}

/**
 * Installs the driver that stands in for VMs unless it is there. Tests that need it are skipped without it, and say so.
 * @returns {Promise<string | undefined>} why it is not there
 */
export async function ensureDriver() {
  if (onPath(driver.program) !== undefined) return undefined;
  if (!mayInstall()) return `no ${driver.program} on the PATH. Debian and Ubuntu: apt-get install ${driver.from}`;
  return installPackages([driver.from]);
}

/**
 * Installs what checks alert rules unless it is there. The test that needs it is skipped without it, and says so.
 * @returns {Promise<string | undefined>} why it is not there
 */
export async function ensurePromtool() {
  if (onPath(rulesChecker.program) !== undefined) return undefined;
  if (!mayInstall()) return `no promtool on the PATH. Debian and Ubuntu: apt-get install ${rulesChecker.from}`;
  return installPackages([rulesChecker.from]);
}

/**
 * Installs the browser in which the dashboard is tried unless it is there. What needs it is skipped without it, and says so.
 * @returns {Promise<string | undefined>} why it is not there
 */
export async function ensureBrowser() {
  if (onPath(browser.program) !== undefined) return undefined;
  if (!mayInstall()) return `no ${browser.program} on the PATH. Debian: apt-get install ${browser.from}`;
  return installPackages([browser.from]);
}

/**
 * What packages are made with.
 * @param {{checked: boolean}} also `checked`: what installs them into a Debian of its own, and lintian
 * @returns {Promise<string | undefined>} why packages cannot be made here
 */
export async function ensurePackaging({ checked }) {
  const wanted = checked ? [...packaging, ...packageCheckers] : packaging;
  if (onPath('dpkg-deb') === undefined) return 'there is no dpkg-deb: packages are made on Debian';
  const missing = [...new Set(wanted.filter(({ program }) => onPath(program) === undefined).map(({ from }) => from))];
  if (missing.length === 0) return undefined;
  if (!mayInstall()) return `not installed. Debian and Ubuntu: apt-get install ${missing.join(' ')}`;
  return installPackages(missing);
}

/**
 * Installs what runs the role of deploy/ansible unless it is there. Tests that need it are skipped without it, and say so.
 * @returns {Promise<string | undefined>} why it is not there
 */
export async function ensureAnsible() {
  const missing = deployment.filter(({ program }) => onPath(program) === undefined).map(({ from }) => from);
  if (missing.length === 0) return undefined;
  if (!mayInstall()) return `not installed. Debian: apt-get install ${missing.join(' ')}`;
  return installPackages(missing);
}

/**
 * Installs what enforces a unit's system call filter unless it is there. Tests that need it are skipped without it, and say so.
 * @returns {Promise<string | undefined>} why it is not there
 */
export async function ensureFilter() {
  const missing = filter.filter((name) => !isInstalled(name));
  if (missing.length === 0) return undefined;
  if (!mayInstall()) return `not installed. Debian and Ubuntu: apt-get install ${missing.join(' ')}`;
  return installPackages(missing);
}

/**
 * Installs what networking-vpp imports unless it is there.
 * @returns {Promise<string | undefined>} why it is not there
 */
export async function ensureNeighbour() {
  const missing = neighbour.filter((name) => !isInstalled(name));
  if (missing.length === 0) return undefined;
  if (!mayInstall()) return `not installed. Debian and Ubuntu: apt-get install ${missing.join(' ')}`;
  return installPackages(missing);
}

/**
 * Installs Keystone, Neutron and their client unless they are there.
 * @returns {Promise<{ready: true} | {ready: false, possible: boolean, why: string}>} `possible`: this machine could have
 * had them, so that their absence is a failure
 */
export async function ensureOpenStack() {
  const missing = openstack.filter((name) => !isInstalled(name));
  if (missing.length === 0) return { ready: true };
  const no = (why) => ({ ready: false, possible: false, why });
  const { ID, VERSION_ID, PRETTY_NAME } = osRelease();
  if (ID !== 'debian' || VERSION_ID !== '12')
    return no(`Debian 12's packages of Keystone and Neutron are needed, and this is ${PRETTY_NAME}`);
  if (!mayInstall()) {
    const lacking = process.getuid?.() === 0 ? 'there is no apt-get' : 'this user is not root';
    return no(`${lacking}, and not installed: ${missing.join(' ')}`);
  }
  const failure = await installPackages(missing);
  return failure === undefined ? { ready: true } : { ready: false, possible: true, why: failure };
}

/**
 * Installs packages without starting a service of theirs: it could hold the ports that tests or their user need.
 * @returns {Promise<string | undefined>} why it did not work, after apt's own words were shown
 */
async function installPackages(names) {
  process.stderr.write(`installing ${names.join(', ')} (apt-get install) ...\n`);
  const startedAt = Date.now();
  const letServicesStart = holdServicesBack();
  try {
    let failure = await apt('install', ...names);
    // Lists that are missing or out of date.
    if (failure !== undefined) failure = (await apt('update')) ?? (await apt('install', ...names));
    if (failure === undefined) {
      process.stderr.write(`installed in ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
      return undefined;
    }
    process.stderr.write(`${failure.output}\n`);
    return `${failure.what}, so there is no ${names.join(' ')}`;
  } finally {
    letServicesStart();
  }
}

function isInstalled(name) {
  const asked = spawnSync('dpkg-query', ['-W', '-f', `\${db:Status-Status}`, name], { encoding: 'utf8' });
  return asked.status === 0 && asked.stdout === 'installed';
}

function osRelease() {
  const file = '/etc/os-release';
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  const pairs = lines.map((line) => /^(\w+)="?(.*?)"?$/.exec(line)).filter((found) => found !== null);
  return { PRETTY_NAME: process.platform, ...Object.fromEntries(pairs.map(([, name, value]) => [name, value])) };
}

/** Resolves with undefined, or with what went wrong and the end of what apt said. */
function apt(command, ...names) {
  const args = ['-q', '-y', '--no-install-recommends'];
  // Another apt may be at work; a mirror may be deaf; a package's question must not wait for an answer.
  args.push('-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3', '-o', 'Acquire::http::Timeout=60');
  args.push('-o', 'Dpkg::Options::=--force-confold');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return new Promise((resolve) => {
    const child = spawn('apt-get', [command, ...args, ...names], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = `${output}${chunk}`.slice(-8_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      child.kill('SIGTERM');
    }, limitMinutes * 60_000);
    const end = () => {
      child.kill('SIGTERM');
      process.exit(1);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.once(signal, end);
    const settle = (failure) => {
      clearTimeout(limit);
      for (const signal of signals) process.off(signal, end);
      resolve(failure);
    };
    child.once('error', (error) => settle({ what: `apt-get cannot be run (${error.message})`, output }));
    child.once('close', (code) => {
      if (late) settle({ what: `apt-get ${command} was stopped after ${limitMinutes} minutes`, output });
      else settle(code === 0 ? undefined : { what: `apt-get ${command} failed (exit code ${code})`, output });
    });
  });
}

const policyFile = '/usr/sbin/policy-rc.d';
const policy =
  "#!/bin/sh\n# Of this repository's tests, while they install packages: no service is to be started.\nexit 101\n";

/**
 * Debian starts what it installs, unless this file forbids it. A file that is there already is the machine's own, but
 * for one that a killed run has left.
 * @returns {() => void} takes the file away again
 */
function holdServicesBack() {
  const ours = !existsSync(policyFile) || readFileSync(policyFile, 'utf8') === policy;
  if (!ours) return () => undefined;
  writeFileSync(policyFile, policy, { mode: 0o755 });
  const remove = () => rmSync(policyFile, { force: true });
  process.once('exit', remove);
  return () => {
    process.off('exit', remove);
    remove();
  };
}
