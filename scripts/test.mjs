// `npm test`: installs what is missing, then types, lint, unit, integration, attacks and, where they can be had, the tests on a real
// VPP, with a real OpenStack and with a real networking-vpp. `--only vpp|openstack|networking-vpp|package` runs these alone and
// fails where the others are skipped.
// Ends with `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ensureAnsible,
  ensureBrowser,
  ensureDriver,
  ensureFilter,
  ensureNeighbour,
  ensureOpenStack,
  ensurePackaging,
  ensurePrograms,
  ensurePromtool,
} from './debian-packages.mjs';
import { earlierCheckout } from './earlier-checkout.mjs';
import { findVpp } from './find-programs.mjs';
import { bin, build, install, root } from './prepare.mjs';

const help = `npm test [-- --only types|lint|unit|integration|attack|package|upgrade|vpp|openstack|networking-vpp]
                [--from REF]
Runs every check of this repository, or one part of it. The last lines name what failed, what was skipped, and why.

  types, lint, unit  need nothing but Node.js
  integration        needs etcd, etcdctl, openssl, tshark, tcpdump and faketime; for the alert rules also promtool, for the
                     dashboard chromium
  attack             hostile clients and records against the real programs; needs what integration needs
  package            builds the Debian packages twice and looks at them; with --only also installs them into a Debian 12 and a
                     Debian 13 of their own, as docs/how-to/install.md says, asks lintian, and runs deploy/ansible on two; needs root and a mirror for that
  upgrade            an earlier commit's programs become ours in a running cloud (tests/upgrade); needs this repository's history,
                     and about a minute to install and compile the commit, which is that of --from or the last before records had formats
  vpp                needs a real VPP: \`vpp\` on the PATH, or VPP_PREFIX naming its installation; for VMs with a real
                     virtio driver also dpdk-testpmd
  openstack          needs Keystone, Neutron, Heat, Horizon and the openstack client, as Debian 12's packages; for pages also chromium
  networking-vpp     the real networking-vpp beside ours (tests/networking-vpp): NETWORKING_VPP names a checkout of it; needs what vpp
                     and openstack need, and VPP's Python client and API files

What is missing is installed through apt by root on Debian (no service of it is started; 20 minutes at most for each apt-get).
Without a VPP, without a networking-vpp, or where OpenStack cannot be installed, those are skipped, or have failed if --only asked
for them.`;

const { values } = parseArgs({
  options: { only: { type: 'string' }, from: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const parts = [
  'types',
  'lint',
  'unit',
  'integration',
  'attack',
  'package',
  'upgrade',
  'vpp',
  'openstack',
  'networking-vpp',
];
if (values.only !== undefined && !parts.includes(values.only)) {
  process.stderr.write(`--only ${values.only}: it is one of ${parts.join(', ')}\n`);
  process.exit(2);
}
const wants = (part) => values.only === undefined || values.only === part;
const total = { passed: 0, failed: 0, skipped: 0 };
const notes = [];

install();
build();
const results = join(root, '.test-out');
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });

if (wants('types')) check('types', bin('tsc'), ['-p', 'tsconfig.tests.json']);
if (wants('lint')) check('lint', bin('biome'), ['check', '--error-on-warnings', '.']);
if (wants('unit')) vitest('unit');
if (['integration', 'attack', 'upgrade', 'vpp', 'openstack', 'networking-vpp'].some(wants)) {
  if (!(await ensurePrograms())) {
    fail('a program that the tests need is missing, so nothing that needs it was run');
  } else {
    if (wants('integration')) {
      const why = await ensurePromtool();
      if (why !== undefined) notes.push(`the alert rules were not checked: ${why}`);
      const whyNot = await ensureBrowser();
      if (whyNot !== undefined) notes.push(`the dashboard was not tried in a browser: ${whyNot}`);
      vitest('integration');
    }
    if (wants('attack')) {
      const why = await ensureFilter();
      if (why !== undefined) notes.push(`no system call filter around the units: ${why}`);
      vitest('attack');
    }
    if (wants('upgrade')) upgrade();
    if (wants('vpp')) await vpp();
    if (wants('openstack')) await openstack();
    if (wants('networking-vpp')) await networkingVpp();
  }
}
if (wants('package')) await packages();
for (const note of notes) process.stdout.write(`${note}\n`);
process.stdout.write(
  `${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}\n`,
);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);

function check(name, command, args) {
  process.stdout.write(`== ${name}\n`);
  const run = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  total[run.status === 0 ? 'passed' : 'failed'] += 1;
}

function upgrade() {
  const earlier = earlierCheckout(values.from);
  if ('root' in earlier) vitest('upgrade', { TAAS_EARLIER: earlier.root });
  // A commit that is there and cannot be built is no reason to go without.
  else if ('failed' in earlier) fail(`upgrade: ${earlier.failed}`);
  else if (values.only === 'upgrade') fail(`upgrade: ${earlier.missing}`);
  else skip('upgrade', earlier.missing);
}

async function vpp() {
  const found = findVpp();
  if (found) {
    process.stdout.write(`real VPP: ${found}\n`);
    const why = await ensureDriver();
    if (why !== undefined) notes.push(`no VMs beside the real VPP: ${why}`);
    vitest('vpp');
    return;
  }
  const why = process.env.VPP_PREFIX
    ? `no bin/vpp under VPP_PREFIX=${process.env.VPP_PREFIX}`
    : 'no vpp on the PATH, and VPP_PREFIX is not set';
  if (values.only === 'vpp') fail(why);
  else skip('vpp', why);
}

/** With `--only package` also the part that takes minutes. */
async function packages() {
  const checked = values.only === 'package';
  const why = await ensurePackaging({ checked });
  if (why === undefined) {
    vitest('package');
    if (checked) {
      const whyNot = await ensureAnsible();
      if (whyNot !== undefined) notes.push(`deploy/ansible was not run: ${whyNot}`);
      vitest('install');
    }
  } else if (checked) fail(why);
  else skip('package', why);
}

async function openstack() {
  const cloud = await ensureOpenStack();
  if (cloud.ready) {
    const why = await ensureBrowser();
    if (why !== undefined) notes.push(`dashboard and Horizon were not tried in a browser: ${why}`);
    vitest('openstack');
  } else if (cloud.possible || values.only === 'openstack') fail(`openstack: ${cloud.why}`);
  else skip('openstack', cloud.why);
}

async function networkingVpp() {
  const missing = await missingForNetworkingVpp();
  if (missing === undefined) vitest('networking-vpp');
  else if (values.only === 'networking-vpp') fail(`networking-vpp: ${missing}`);
  else skip('networking-vpp', missing);
}

/** What only an operator can provide is looked at first: nothing is installed for tests that cannot run. */
async function missingForNetworkingVpp() {
  if (!process.env.NETWORKING_VPP) return 'NETWORKING_VPP is not set: it names a checkout of networking-vpp';
  if (!findVpp()) return 'there is no VPP: vpp on the PATH, or VPP_PREFIX';
  const driver = await ensureDriver();
  if (driver !== undefined) return driver;
  const cloud = await ensureOpenStack();
  return cloud.ready ? ensureNeighbour() : cloud.why;
}

function fail(why) {
  total.failed += 1;
  notes.push(`failed: ${why}`);
}

/** Each file of a folder of `tests` counts as one that was skipped. */
function skip(folder, why) {
  const files = readdirSync(join(root, 'tests', folder)).filter((name) => name.endsWith('.test.ts'));
  for (const file of files) notes.push(`skipped: tests/${folder}/${file}: ${why}`);
  total.skipped += files.length;
}

function vitest(project, env = {}) {
  process.stdout.write(`== ${project}\n`);
  const output = join(results, `${project}.json`);
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const run = spawnSync(bin('vitest'), args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  const report = readReport(output);
  if (report === undefined) {
    fail(`${project}: the test runner left no report (exit code ${run.status})`);
    return;
  }
  total.passed += report.numPassedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded, or an error outside any test, is a failure that no test counts.
  total.failed += report.numFailedTests;
  if (report.numFailedTests === 0 && run.status !== 0)
    fail(`${project}: exit code ${run.status} though no test failed; see its output above`);
  for (const file of report.testResults)
    for (const test of file.assertionResults) {
      if (test.status === 'failed') notes.push(`failed: ${test.fullName}${reasonOf(test)}`);
      if (test.status === 'pending') notes.push(`skipped: ${test.fullName}`);
    }
}

/** The first lines of why, because whoever reads the end of a long log may not have its middle. */
function reasonOf({ failureMessages }) {
  const lines = failureMessages.join('\n').split('\n');
  const told = lines.slice(0, 40).map((line) => `\n    ${line.slice(0, 300)}`);
  return told.join('') + (lines.length > 40 ? `\n    and ${lines.length - 40} lines more` : '');
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    process.stderr.write(`${error}\n`);
    return undefined;
  }
}
