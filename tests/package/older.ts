import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debOf, type PackageName, run, unpack } from './deb-file.js';

/** Writes a package as it was before: another version, another sample. */
export function writeOlder(packages: string, name: PackageName, to: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'taas-older-'));
  const root = unpack(debOf(packages, name), join(folder, 'root'));
  const control = join(root, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*$/m, 'Version: 0.0.9-1'));
  writeFileSync(join(root, `etc/taas/${name}.yaml`), '# Sample of an older version.\n');
  run('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', root, to]);
  rmSync(folder, { recursive: true });
}
