// A Debian package of Python modules, for whichever Python the machine has.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { oursAlone } from './copyright.mjs';
import { debianChangelogOf, documentsOf, holderOf, packDeb } from './deb.mjs';
import { overrides } from './lintian-overrides.mjs';

const modules = 'usr/lib/python3/dist-packages';
const ours = (path) => readFileSync(join(root, path), 'utf8');

/**
 * Builds the package of a Python project: its modules, and what it is to Python.
 * @param {import('./deb.mjs').Described} what
 * @param {{folder: string, module: string, more?: Readonly<Record<string, string>>}} project `folder` has pyproject.toml and the
 * package `module`; `more`: what else is installed, by path without a slash before it, from a file of `module`
 * @param {{out: string, changes: Buffer, origin: {version: string, epoch: number, maintainer: string}}} from as of {@link packDeb}
 * @returns {Promise<string>} its file
 */
export function buildPythonDeb(what, { folder, module, more = {} }, from) {
  return packDeb(what, from, (tree) => {
    const source = `${folder}/${module}`;
    for (const file of filesOf(source)) tree.write(`${modules}/${module}/${file}`, ours(`${source}/${file}`));
    for (const [path, file] of Object.entries(more)) tree.write(path, ours(`${source}/${file}`));
    const project = ours(`${folder}/pyproject.toml`);
    const [name, version, summary] = ['name', 'version', 'description'].map((key) => textOf(project, key));
    tree.write(
      `${modules}/${name.replaceAll('-', '_')}-${version}.dist-info/METADATA`,
      `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\nSummary: ${summary}\nLicense: Apache-2.0\n`,
    );
    tree.write(`${documentsOf(what)}/copyright`, oursAlone(holderOf(from.origin)));
    tree.write(
      `usr/share/lintian/overrides/${what.name}`,
      overrides({ name: what.name, changelog: debianChangelogOf(what) }),
    );
    for (const script of ['postinst', 'prerm'])
      tree.write(`DEBIAN/${script}`, ours(`deploy/debian/python.${script}`).replaceAll('@PACKAGE@', what.name), 0o755);
  });
}

/** Modules and templates below a folder; not what tests that run the sources leave there. */
function filesOf(source) {
  return readdirSync(join(root, source), { recursive: true }).filter((file) => /\.(py|html)$/.test(file));
}

/** A text of the section `project`, which is the only one that has it. */
function textOf(toml, key) {
  const [, value] = new RegExp(`^${key} = "(.+)"$`, 'm').exec(toml) ?? [];
  if (value === undefined) throw new Error(`a pyproject.toml has no ${key}`);
  return value;
}
