import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder with the packages of this work tree. */
    readonly packages: string;
    /** The same packages, built by another user's habits: mask, time zone, language, folder. */
    readonly packagesAgain: string;
    /** Folders with their images, made likewise. */
    readonly images: string;
    readonly imagesAgain: string;
  }
}

const script = fileURLToPath(new URL('../../scripts/package.mjs', import.meta.url));

/** Builds the packages once for all tests, and once more to compare. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'taas-built-'));
  const [first, again] = [join(folder, 'first'), join(folder, 'again')];
  build('umask 022', first, {});
  build('umask 077; cd /', again, { TZ: 'Pacific/Kiritimati', LC_ALL: 'C', HOME: '/nonexistent' });
  project.provide('packages', first);
  project.provide('packagesAgain', again);
  project.provide('images', apart(first));
  project.provide('imagesAgain', apart(again));
  return () => rmSync(folder, { recursive: true });
}

function build(before: string, out: string, env: Readonly<Record<string, string>>): void {
  mkdirSync(out);
  const args = ['-c', `${before}; exec "$@"`, 'sh', process.execPath, script, '--out', out, '--images'];
  const run = spawnSync('sh', args, { encoding: 'utf8', env: { ...process.env, ...withoutGit(), ...env } });
  if (run.status !== 0) throw new Error(`npm run package failed: ${run.stderr}`);
}

/** Puts the images of a folder into one of their own. */
function apart(folder: string): string {
  const images = `${folder}-images`;
  mkdirSync(images);
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.oci.tar')))
    renameSync(join(folder, name), join(images, name));
  return images;
}

/** What a folder without its history needs, such as one that was unpacked. */
function withoutGit(): Readonly<Record<string, string>> {
  if (spawnSync('git', ['-C', join(script, '../..'), 'log', '-1']).status === 0) return {};
  return { SOURCE_DATE_EPOCH: '1700000000', DEBFULLNAME: 'Tests', DEBEMAIL: 'tests@example.org' };
}
