// The Node.js that a package brings: a copy of the one that runs now, without its symbols for debuggers.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Debian's name of the architecture, by the machine that an ELF file is for. */
const machines = new Map([
  [62, 'amd64'],
  [183, 'arm64'],
]);

/** The libraries that a package may ask for, as its `Depends` names them; those of glibc, and of the compiler. */
const libraries =
  /^(lib(c|m|dl|rt|pthread)\.so\.\d+|libgcc_s\.so\.1|libstdc\+\+\.so\.6|libatomic\.so\.1|ld-linux[-\w]*\.so\.\d+)$/;

/** What the official builds of Node.js 20 to 24 need; a test compares it with the symbols that the packaged one asks for. */
export const runtimeDepends = ['libc6 (>= 2.28)', 'libgcc-s1', 'libstdc++6 (>= 9)'];

/**
 * @param {Buffer} elf the first bytes of a program
 * @returns {string} Debian's name of its architecture
 * @throws {Error} for what is no 64-bit ELF of an architecture that is known here
 */
export function architectureOf(elf) {
  const isElf64 = elf.subarray(0, 6).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]));
  const machine = isElf64 ? elf.readUInt16LE(18) : undefined;
  const name = machine === undefined ? undefined : machines.get(machine);
  if (name === undefined)
    throw new Error(`packages are made for ${[...machines.values()].join(' and ')} (ELF machine ${machine})`);
  return name;
}

/** Of what a program is linked with, what its package could not name. */
export function foreignLibraries(needed) {
  return needed.filter((name) => !libraries.test(name));
}

/**
 * The running Node.js, if a copy of it is a program on other machines as well.
 * @returns {{path: string, version: string, architecture: string, licence: string}} `licence`: its text
 * @throws {Error} if it is linked with libraries of its distribution, or its licence is not where it is looked for
 */
export function findRuntime(path = realpathSync(process.execPath)) {
  const dynamic = execFileSync('objdump', ['-p', path], { encoding: 'utf8' });
  const foreign = foreignLibraries([...dynamic.matchAll(/^\s+NEEDED\s+(\S+)$/gm)].map(([, name]) => name));
  if (foreign.length > 0)
    throw new Error(
      `${path} needs ${foreign.join(', ')}, so that a copy of it does not run elsewhere: use a Node.js of nodejs.org or NodeSource`,
    );
  const places = ['../LICENSE', '../share/doc/nodejs/LICENSE', '../share/doc/node/LICENSE'].map((at) =>
    join(dirname(path), at),
  );
  const licence = places.find((file) => existsSync(file));
  if (licence === undefined)
    throw new Error(`a copy of Node.js goes with its licence, which is in none of ${places.join(', ')}`);
  return {
    path,
    version: process.versions.node,
    architecture: architectureOf(readFileSync(path).subarray(0, 64)),
    licence: readFileSync(licence, 'utf8'),
  };
}

/** Writes the copy. @param {{path: string}} runtime */
export async function copyRuntime(runtime, to) {
  await promisify(execFile)('strip', ['--strip-unneeded', '-R', '.comment', '-o', to, runtime.path]);
}
