// One Debian package, from a folder to a file. Root is not needed: dpkg-deb says that root owns all.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { copyrightFile } from './copyright.mjs';
import { FileTree } from './file-tree.mjs';
import { librariesIn } from './libraries.mjs';
import { overrides } from './lintian-overrides.mjs';
import { copyRuntime, runtimeDepends } from './node-runtime.mjs';
import { sbom } from './sbom.mjs';

const run = promisify(execFile);

/**
 * Builds a package.
 * @param {import('./contents.mjs').Package} what
 * @param {{out: string, changes: Buffer, origin: {version: string, epoch: number, maintainer: string}, runtime: object}} from
 * `out`: the folder for it; `changes`: CHANGELOG.md
 * @returns {Promise<string>} its file, named as Debian does it
 */
export async function buildDeb(what, { out, changes, origin, runtime }) {
  const { name, program } = what;
  const { version, epoch, maintainer } = origin;
  const folder = mkdtempSync(join(tmpdir(), 'taas-package-'));
  try {
    const tree = new FileTree(folder);
    const node = `usr/lib/${name}/node`;
    const metafiles = [];
    const bundles = [];
    for (const each of [{ program, bundle: what.bundle, flags: what.flags }, ...(what.also ?? [])]) {
      const bundle = `usr/lib/${name}/${each.program}.mjs`;
      metafiles.push(await tree.make(bundle, 0o644, each.bundle));
      tree.write(bundle, withoutInterpreter(tree.read(bundle).toString()));
      const command = [`/${node}`, ...(each.flags ?? []), `/${bundle}`].join(' ');
      tree.write(`usr/bin/${each.program}`, `#!/bin/sh\nexec ${command} "$@"\n`, 0o755);
      bundles.push(bundle);
    }
    const libraries = librariesIn(...metafiles);
    await tree.make(node, 0o755, (file) => copyRuntime(runtime, file));
    what.rest(tree, { epoch, version });
    const doc = `usr/share/doc/${name}`;
    const holder = `${new Date(epoch * 1000).getUTCFullYear()} ${maintainer}`;
    tree.write(`${doc}/copyright`, copyrightFile({ bundles, node, libraries, runtime, holder }));
    tree.writeCompressed(`${doc}/changelog.gz`, changes);
    tree.writeCompressed(`${doc}/changelog.Debian.gz`, debianChangelog(name, origin));
    const made = { name, version, libraries, node: runtime.version, architecture: runtime.architecture, epoch };
    tree.write(`${doc}/sbom.cdx.json`, sbom(made));
    tree.write(
      `usr/share/lintian/overrides/${name}`,
      overrides({ name, node, changelog: `${doc}/changelog.Debian.gz` }),
    );
    const files = tree.files().filter((file) => !file.startsWith('DEBIAN/'));
    const conffiles = files.filter((file) => file.startsWith('etc/'));
    if (conffiles.length > 0) tree.write('DEBIAN/conffiles', conffiles.map((file) => `/${file}\n`).join(''));
    tree.write('DEBIAN/md5sums', tree.sums(files.filter((file) => !conffiles.includes(file))));
    tree.write('DEBIAN/control', control(what, { origin, runtime, size: tree.kibibytes(files) }));
    tree.settle(epoch);
    const file = join(out, `${name}_${version}_${runtime.architecture}.deb`);
    // gzip takes seconds for what xz takes most of a minute, at a fifth more bytes; lintian refuses Zstandard.
    const args = ['-Zgzip', '-z6', '--root-owner-group', '--build', folder, file];
    await run('dpkg-deb', args, { env: { ...process.env, SOURCE_DATE_EPOCH: String(epoch) } });
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A first line that names the distribution's Node.js would have the wrong one run it. */
const withoutInterpreter = (script) => script.replace(/^#!.*\n/, '');

function control(what, { origin, runtime, size }) {
  const fields = {
    Package: what.name,
    Source: 'networking-vpp-taas',
    Version: origin.version,
    Architecture: runtime.architecture,
    Maintainer: origin.maintainer,
    'Installed-Size': String(size),
    Depends: [...runtimeDepends, ...what.depends].join(', '),
    ...what.fields,
    Section: 'net',
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
