// The files of a package on disk, alike whoever makes them: modes and times are set, not left to the user's mask and clock.

import { createHash } from 'node:crypto';
import { chmodSync, lutimesSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A folder that becomes a package. Paths are below it, without a slash before them. */
export class FileTree {
  constructor(folder) {
    this.folder = folder;
  }

  /** @param {string | Buffer} content */
  write(path, content, mode = 0o644) {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
    chmodSync(join(this.folder, path), mode);
  }

  /** As {@link write}, through gzip without a name and a time in it. */
  writeCompressed(path, content) {
    this.write(path, gzipSync(content, { level: 9 }));
  }

  /** For what another program writes. @param {(file: string) => unknown} make is given the file's full name */
  async make(path, mode, make) {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    const made = await make(join(this.folder, path));
    chmodSync(join(this.folder, path), mode);
    return made;
  }

  /** Files below a folder, in the order of their names. */
  files(below = '') {
    const entries = readdirSync(join(this.folder, below), { withFileTypes: true });
    const paths = entries.flatMap((entry) => {
      const path = join(below, entry.name);
      return entry.isDirectory() ? this.files(path) : [path];
    });
    return paths.sort();
  }

  read(path) {
    return readFileSync(join(this.folder, path));
  }

  /** Lines of `md5sums`. */
  sums(paths) {
    return paths.map((path) => `${createHash('md5').update(this.read(path)).digest('hex')}  ${path}\n`).join('');
  }

  /** KiB that the files take, each rounded up, and one for each folder: as Debian counts. */
  kibibytes(paths) {
    const folders = new Set(paths.flatMap((path) => path.split('/').map((_, n, parts) => parts.slice(0, n).join('/'))));
    return paths.reduce((sum, path) => sum + Math.ceil(statSync(join(this.folder, path)).size / 1024), folders.size);
  }

  /** Folders for everybody to see, and all times the same. @param {number} epoch seconds */
  settle(epoch, below = '') {
    const folder = join(this.folder, below);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) this.settle(epoch, join(below, entry.name));
      else lutimesSync(join(folder, entry.name), epoch, epoch);
    }
    chmodSync(folder, 0o755);
    lutimesSync(folder, epoch, epoch);
  }
}
