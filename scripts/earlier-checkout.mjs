// A built checkout of an earlier commit of this repository, for the tests of upgrades.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './prepare.mjs';

/** The last state whose records had no format: see docs/decisions/0061-formats-of-records.md. */
export const beforeFormats = '0407abd';

/**
 * Checks it out, installs and compiles it under node_modules, where it is kept for the next run.
 * @returns {{root: string} | {missing: string} | {failed: string}} the folder; or that there is no such commit; or why it could not be built
 */
export function earlierCheckout(ref = beforeFormats) {
  const commit = run(root, 'git', ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]);
  if (commit.status !== 0) return { missing: `the history of this clone has no commit ${ref}` };
  const id = commit.stdout.trim();
  // Not in the folder for temporary files, where somebody else could have put programs under its name.
  const folder = join(root, 'node_modules', '.cache', `earlier-${id.slice(0, 12)}`);
  if (existsSync(folder)) return { root: folder };
  const making = `${folder}.${process.pid}`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true });
  process.stderr.write(`making a checkout of ${id.slice(0, 12)} ...\n`);
  const steps = [
    ['git', ['-C', root, 'archive', '-o', join(making, '.earlier.tar'), id]],
    ['tar', ['-xf', '.earlier.tar']],
    ['npm', ['install', '--no-save', '--no-fund', '--no-audit']],
    [join(making, 'node_modules/.bin/tsc'), ['-b']],
  ];
  for (const [command, args] of steps) {
    const { status, stdout, stderr, error } = run(making, command, args);
    if (status === 0) continue;
    rmSync(making, { recursive: true, force: true });
    return {
      failed: `${command} ${args.join(' ')} failed: ${`${stdout}${stderr}${error?.message ?? ''}`.slice(-500)}`,
    };
  }
  // Another run may have been faster.
  if (existsSync(folder)) rmSync(making, { recursive: true, force: true });
  else renameSync(making, folder);
  return { root: folder };
}

const run = (cwd, command, args) => spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
