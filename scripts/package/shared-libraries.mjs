// The shared libraries that a program is linked with, on the machine that builds.
import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';

/**
 * @param {string} program a file
 * @returns {string[]} the paths by which the program finds them, its interpreter's among them
 */
export function sharedLibrariesOf(program) {
  const said = execFileSync('ldd', [program], { encoding: 'utf8' });
  if (said.includes('not found')) throw new Error(`${program} misses a library here: ${said}`);
  return [...said.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path]) => path).sort();
}

/** The files that say under which licence libraries may be handed on: of the Debian packages that they are of. */
export function copyrightsOf(libraries) {
  const packages = new Set();
  for (const path of libraries) {
    const real = realpathSync(path);
    // Debian has moved its libraries from /lib to /usr/lib, and dpkg knows them by either name.
    const names = [path, real, real.replace(/^\/usr/, ''), `/usr${real}`];
    for (const name of names) {
      const owner = owningPackage(name);
      if (owner !== undefined) packages.add(owner);
    }
  }
  const files = [...packages].sort().map((name) => `/usr/share/doc/${name}/copyright`);
  return files.filter((file) => existsSync(file));
}

function owningPackage(path) {
  try {
    const said = execFileSync('dpkg-query', ['-S', path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return said.split(':')[0];
  } catch {
    return undefined;
  }
}
