// `npm test`: installs what is missing, then types, lint, unit, integration and, where a real VPP is found, vpp tests.
// `npm run test:vpp` (--only vpp) runs those alone and fails without a VPP. Ends with `N passed, N failed, N skipped`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTestPrograms, findVpp } from './find-programs.mjs';
import { bin, build, install, root } from './prepare.mjs';

const help = `npm test [-- --only types|lint|unit|integration|vpp|openstack]
Runs every check of this repository, or one part of it. Real etcd is needed (and installed through apt where that is
possible); tests on a real VPP run when \`vpp\` is on the PATH or VPP_PREFIX names its installation. Those with a real Keystone and
Neutron (\`npm run test:openstack\`) run only when asked for: they install Debian's packages and take minutes.`;

const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean' } } });
if (values.help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const parts = ['types', 'lint', 'unit', 'integration', 'vpp', 'openstack'];
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
const openstack = values.only === 'openstack';
if (wants('integration') || wants('vpp') || openstack) {
  if (!ensureTestPrograms()) {
    total.failed += 1;
    notes.push('failed: a program that the tests need is missing, so nothing that needs it was run');
  } else {
    if (wants('integration')) vitest('integration');
    if (wants('vpp')) vpp();
    if (openstack) vitest('openstack');
  }
}
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

function vpp() {
  const found = findVpp();
  if (found) {
    process.stdout.write(`real VPP: ${found}\n`);
    vitest('vpp');
    return;
  }
  const why = process.env.VPP_PREFIX
    ? `no bin/vpp under VPP_PREFIX=${process.env.VPP_PREFIX}`
    : 'no vpp on the PATH, and VPP_PREFIX is not set';
  if (values.only === 'vpp') {
    total.failed += 1;
    notes.push(`failed: ${why}`);
    return;
  }
  const files = readdirSync(join(root, 'tests/vpp')).filter((name) => name.endsWith('.test.ts'));
  for (const file of files) notes.push(`skipped: tests/vpp/${file}: ${why}`);
  total.skipped += files.length;
}

function vitest(project) {
  process.stdout.write(`== ${project}\n`);
  const output = join(results, `${project}.json`);
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const run = spawnSync(bin('vitest'), args, { cwd: root, stdio: 'inherit' });
  const report = readReport(output);
  if (report === undefined) {
    total.failed += 1;
    notes.push(`failed: ${project}: the test runner left no report (exit code ${run.status})`);
    return;
  }
  total.passed += report.numPassedTests;
  total.skipped += report.numPendingTests + report.numTodoTests;
  // A file that could not be loaded, or an error outside any test, is a failure that no test counts.
  const broken = report.numFailedTests === 0 && run.status !== 0 ? 1 : 0;
  total.failed += report.numFailedTests + broken;
  if (broken) notes.push(`failed: ${project}: exit code ${run.status} though no test failed; see its output above`);
  for (const file of report.testResults)
    for (const test of file.assertionResults) if (test.status === 'pending') notes.push(`skipped: ${test.fullName}`);
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    process.stderr.write(`${error}\n`);
    return undefined;
  }
}
