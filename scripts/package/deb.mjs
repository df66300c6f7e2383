// A Debian package from a folder of files. Root is not needed: dpkg-deb says that root owns all.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FileTree } from './file-tree.mjs';

const run = promisify(execFile);

/**
 * @typedef {object} Described
 * @property {string} name
 * @property {string} architecture
 * @property {string} section of Debian's
 * @property {readonly string[]} depends
 * @property {Readonly<Record<string, string>>} fields of `control` besides those that all have
 * @property {string} summary of one line
 * @property {readonly string[]} about paragraphs
 */

/**
 * Builds a package, with its changelogs and sums.
 * @param {Described} what
 * @param {{out: string, changes: Buffer, origin: {version: string, epoch: number, maintainer: string}}} from `out`: the folder for it;
 * `changes`: CHANGELOG.md
 * @param {(tree: FileTree) => void | Promise<void>} fill writes all other files
 * @returns {Promise<string>} its file, named as Debian does it
 */
export async function packDeb(what, { out, changes, origin }, fill) {
  const folder = mkdtempSync(join(tmpdir(), 'taas-package-'));
  try {
    const tree = new FileTree(folder);
    await fill(tree);
    tree.writeCompressed(`${documentsOf(what)}/changelog.gz`, changes);
    tree.writeCompressed(debianChangelogOf(what), debianChangelog(what.name, origin));
    const files = tree.files().filter((file) => !file.startsWith('DEBIAN/'));
    const conffiles = files.filter((file) => file.startsWith('etc/'));
    if (conffiles.length > 0) tree.write('DEBIAN/conffiles', conffiles.map((file) => `/${file}\n`).join(''));
    tree.write('DEBIAN/md5sums', tree.sums(files.filter((file) => !conffiles.includes(file))));
    tree.write('DEBIAN/control', control(what, { origin, size: tree.kibibytes(files) }));
    tree.settle(origin.epoch);
    const file = join(out, `${what.name}_${origin.version}_${what.architecture}.deb`);
    // gzip takes seconds for what xz takes most of a minute, at a fifth more bytes; lintian refuses Zstandard.
    const args = ['-Zgzip', '-z6', '--root-owner-group', '--build', folder, file];
    await run('dpkg-deb', args, { env: { ...process.env, SOURCE_DATE_EPOCH: String(origin.epoch) } });
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The folder of a package's papers. @param {{name: string}} what */
export const documentsOf = ({ name }) => `usr/share/doc/${name}`;

/** @param {{name: string}} what */
export const debianChangelogOf = (what) => `${documentsOf(what)}/changelog.Debian.gz`;

/** Who has the copyright of ours. @param {{epoch: number, maintainer: string}} origin */
export const holderOf = ({ epoch, maintainer }) => `${new Date(epoch * 1000).getUTCFullYear()} ${maintainer}`;

function control(what, { origin, size }) {
  const fields = {
    Package: what.name,
    Source: 'networking-vpp-taas',
    Version: origin.version,
    Architecture: what.architecture,
    Maintainer: origin.maintainer,
    'Installed-Size': String(size),
    Depends: what.depends.join(', '),
    ...what.fields,
    Section: what.section,
    Priority: 'optional',
    Description: [what.summary, what.about.map((text) => wrapped(text).join('\n ')).join('\n .\n ')].join('\n '),
  };
  return Object.entries(fields)
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
}

/** Lines of at most 78 characters. */
function wrapped(text) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= 78) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function debianChangelog(name, { version, epoch, maintainer }) {
  const at = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- ${maintainer}  ${at}\n`;
}
