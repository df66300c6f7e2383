// What a fresh clone needs before anything of it can run: its packages and its compiled TypeScript.
// Plain JavaScript without imports from npm, because nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
export const bin = (name) => join(root, 'node_modules', '.bin', name);

/** Runs a command in the repository, shows its output only if it fails, and ends the program with 1 then. */
export function must(what, command, args) {
  process.stderr.write(`${what} ...\n`);
  const run = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status === 0) return;
  process.stderr.write(`${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}\n${what}: failed\n`);
  process.exit(1);
}

/** Installs the packages of package-lock.json unless they are there, for this very lock file. */
export function install() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    process.stderr.write(`Node.js 20.19 or newer is needed; this is ${process.versions.node}\n`);
    process.exit(1);
  }
  const installed = join(root, 'node_modules', '.package-lock.json');
  const fresh =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
  // Not `npm ci`: it refuses a lock file without the optional packages of other platforms, and a registry that does not
  // offer those leaves them out of it. The versions are the lock file's all the same, and it is not written.
  if (!fresh) must('installing packages (npm install)', 'npm', ['install', '--no-save', '--no-fund', '--no-audit']);
}

/** Compiles what has changed since the last time. */
export function build() {
  must('compiling', bin('tsc'), ['-b']);
  must("bundling the dashboard's page", process.execPath, [join(root, 'packages/dashboard/bundle.mjs')]);
}
