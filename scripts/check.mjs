// `npm run check`: the fast loop. Types, lint and the unit tests of what changed since main (or since `--since REF`).
// The three run side by side; nothing is installed. `npm test` runs everything.
import { spawn, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { bin, root } from './prepare.mjs';

const help = `npm run check [-- --since REF]
Types, lint and the unit tests of what changed since REF: in commits, in the working tree, and in new files. Default: main, or
HEAD where there is no main.`;

const { values } = parseArgs({ options: { since: { type: 'string' }, help: { type: 'boolean' } } });
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
  run('unit', ['vitest', 'run', '--project', 'unit', '--changed', base, '--reporter=dot']),
]);
const failed = outcomes.filter(({ code }) => code !== 0);
for (const { name, output } of failed) process.stdout.write(`== ${name}\n${output}`);
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const said = failed.length === 0 ? 'all passed' : `failed: ${failed.map(({ name }) => name).join(', ')}`;
process.stdout.write(`types, lint and unit tests of what changed since ${since}: ${said} (${seconds} s)\n`);
process.exit(failed.length === 0 ? 0 : 1);

function run(name, [program, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(bin(program), args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (output += piece));
    child.once('error', (error) => resolve({ name, code: 1, output: `${output}${error.message}\n` }));
    child.once('close', (code) => resolve({ name, code, output }));
  });
}
