import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * What a VPP's lock is called: after the path of its API socket, and after the directory that this is in, which has another
 * path in another container. Each name fills an address to its end, where versions of Node.js differ.
 */
export async function lockNames(apiSocket: string): Promise<readonly string[]> {
  const directory = dirname(resolve(apiSocket));
  const [real, found] = await Promise.all([orMissing(realpath(directory)), orMissing(stat(directory))]);
  const same = [`path ${join(real ?? directory, basename(apiSocket))}`];
  if (found) same.push(`directory ${found.dev} ${found.ino} ${basename(apiSocket)}`);
  return same.map((what) => `\0${`taas-agent:${createHash('sha512').update(what).digest('hex')}`.slice(0, 107)}`);
}

/** Undefined for what is not there, or not for us to see. */
async function orMissing<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(code)) return undefined;
    throw error;
  }
}
