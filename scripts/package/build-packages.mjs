import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { packages } from './contents.mjs';
import { buildHorizonPanelDeb } from './horizon-panel-deb.mjs';
import { buildNeutronDriverDeb } from './neutron-driver-deb.mjs';
import { findRuntime } from './node-runtime.mjs';
import { buildImage } from './oci.mjs';
import { originOf } from './origin.mjs';
import { buildProgramDeb } from './program-deb.mjs';

/**
 * Builds all packages of what is compiled.
 * @param {string} out a folder that is there
 * @param {{images: boolean}} options `images`: also an OCI image of each program
 * @returns {Promise<string[]>} their files
 */
export async function buildPackages(out, { images }) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const from = {
    ...{ out, origin: originOf(root, version), runtime: findRuntime() },
    changes: readFileSync(join(root, 'CHANGELOG.md')),
  };
  const programs = await Promise.all(packages.map((each) => buildProgramDeb(each, from)));
  const debs = [...programs, await buildNeutronDriverDeb(from), await buildHorizonPanelDeb(from)];
  if (!images) return debs;
  return [...debs, ...(await Promise.all(packages.map((each, n) => buildImage(each, programs[n], from))))];
}
