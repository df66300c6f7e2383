import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { VppStatsError } from './stats-error.js';

/** VPP's name for the memory (src/vlib/stats/init.c); the kernel adds the rest. */
const memoryName = '/memfd:stat segment';
/** A process with more open files than these is not searched to the end. */
const mostFiles = 100_000;

/**
 * Finds the memory of a VPP's statistics segment among its open files. VPP's own way, a socket that hands over the file, needs
 * recvmsg(2), which Node.js does not have.
 * @param pid as `control_ping_reply.vpe_pid` says; of the process as `procDirectory` numbers it
 * @param procDirectory where the proc file system of VPP's host is seen, usually /proc
 * @returns a path to open
 * @throws VppStatsError `unreachable`: no such process, no right to look, or no segment among its files
 */
export async function findSegment(pid: number, procDirectory = '/proc'): Promise<string> {
  const folder = join(procDirectory, String(pid), 'fd');
  const names = await readdir(folder).catch((cause: unknown) => {
    const advice = 'the agent needs to run as the same user or as root, and to see the processes of the host';
    throw new VppStatsError('unreachable', `the files of VPP (process ${pid}) cannot be listed: ${advice}`, { cause });
  });
  for (const name of names.slice(0, mostFiles)) {
    const path = join(folder, name);
    // A file may have been closed since the list.
    const target = await readlink(path).catch(() => '');
    if (target.startsWith(memoryName)) return path;
  }
  throw new VppStatsError(
    'unreachable',
    `process ${pid} has no statistics segment among its open files: is it VPP, and in the same pid namespace?`,
  );
}
