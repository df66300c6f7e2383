// Which libraries are in a bundle: what esbuild says that it has put in, not what package-lock.json might bring.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';

/**
 * @typedef {object} Library
 * @property {string} name as npm knows it
 * @property {string} version
 * @property {string} licence SPDX
 * @property {string} text of the licence; empty if the library has none with it
 * @property {string} integrity of package-lock.json: `sha512-...`
 */

/**
 * @param {object[]} metafiles esbuild's
 * @returns {Library[]} by name and version
 */
export function librariesIn(...metafiles) {
  const folders = new Set();
  for (const { inputs } of metafiles.flatMap(({ outputs }) => Object.values(outputs)))
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const found = new Map();
  for (const folder of folders) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const library = { name, version, licence: license ?? 'NOASSERTION', text: licenceText(join(root, folder)) };
    found.set(`${name}@${version}`, { ...library, integrity: lock[folder]?.integrity ?? '' });
  }
  return [...found.keys()].sort().map((key) => found.get(key));
}

function licenceText(folder) {
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(name));
  return file === undefined ? '' : readFileSync(join(folder, file), 'utf8');
}
