// `npm run check`: the fast loop. Types, lint and the unit tests beside what changed since main (or since `--since REF`).
// The three run side by side; nothing is installed. `npm test` runs everything.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, root } from './prepare.mjs';

const help = `npm run check [-- --since REF] [--wide]
Types, lint and the unit tests beside what changed since REF: in commits, in the working tree, and in new files. Default: main, or
HEAD where there is no main. The tests of a change are those of its folder.

  --wide  all unit tests that depend on a changed file, however far: minutes for what much stands on`;

const options = { since: { type: 'string' }, wide: { type: 'boolean' }, help: { type: 'boolean' } };
const { values } = parseArgs({ options });
if (values.help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
const known = (ref) => git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`).status === 0;
const since = values.since ?? (known('main') ? 'main' : 'HEAD');
if (!known(since)) {
  process.stderr.write(`--since ${since}: no such commit\n`);
  process.exit(2);
}
// What main has gained meanwhile is not a change of ours.
const base = git('merge-base', since, 'HEAD').stdout.trim();

const started = performance.now();
const outcomes = await Promise.all([
  run('types', ['tsc', '-b']),
  run('types of tests', ['tsc', '-p', 'tsconfig.tests.json']),
  run('lint', [
    'biome',
    'check',
    '--error-on-warnings',
    '--no-errors-on-unmatched',
    '--changed',
    `--since=${base}`,
    '.',
  ]),
  unit(),
]);
const failed = outcomes.filter(({ code }) => code !== 0);
for (const { name, output } of failed) process.stdout.write(`== ${name}\n${output}`);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const said = failed.length === 0 ? 'all passed' : `failed: ${failed.map(({ name }) => name).join(', ')}`;
process.stdout.write(
  `types, lint and unit tests ${values.wide ? 'of' : 'beside'} what changed since ${since}: ${said} (${seconds} s)\n`,
);
process.exit(failed.length === 0 ? 0 : 1);

async function unit() {
  const vitest = ['vitest', 'run', '--project', 'unit', '--reporter=dot', '--passWithNoTests'];
  if (values.wide) return run('unit', [...vitest, '--changed', base]);
  const tests = testsBeside(changedFiles());
  return tests.length === 0 ? { name: 'unit', code: 0, output: '' } : run('unit', [...vitest, ...tests]);
}

/** Files that differ from the base, and new ones that git does not ignore; their names, from the root. */
function changedFiles() {
  const names = [git('diff', '--name-only', base), git('ls-files', '--others', '--exclude-standard')];
  return names.flatMap(({ stdout }) => stdout.split('\n')).filter((name) => name !== '');
}

function testsBeside(files) {
  const folders = new Set(files.map((file) => dirname(file)));
  return [...folders].flatMap((folder) => {
    const tests = listing(folder).filter((name) => /\.test\.(ts|tsx|mjs)$/.test(name));
    return tests.map((name) => join(folder, name));
  });
}

/** Nothing where the folder has gone with its last file. */
function listing(folder) {
  try {
    return readdirSync(join(root, folder));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function run(name, [program, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(bin(program), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += piece));
    child.once('error', (error) => resolve({ name, code: 1, output: `${output}${error.message}\n` }));
    child.once('close', (code) => resolve({ name, code, output }));
  });
}
