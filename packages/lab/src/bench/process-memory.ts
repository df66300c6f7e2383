import { readdirSync, readFileSync } from 'node:fs';

export interface Memory {
  readonly nowMegabytes: number;
  readonly mostMegabytes: number;
}

/** Resident memory of a process, as the kernel tells it. @throws the file system's error if the process is gone */
export function memoryOf(pid: number | undefined): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
  return { nowMegabytes: field('VmRSS'), mostMegabytes: field('VmHWM') };
}

/** Processor time that a process has used since its start, in s: a busy machine does not make it longer. */
export function processorSeconds(pid: number | undefined): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // utime and stime, in ticks, of which Linux has a hundred a second.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** The processes of a group, and their resident memory together: what they share counts for each of them. */
export function memoryOfGroup(leader: number): { readonly processes: number; readonly megabytes: number } {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && groupOf(name) === leader);
  const megabytes = pids.reduce((sum, pid) => sum + memoryOf(Number(pid)).nowMegabytes, 0);
  return { processes: pids.length, megabytes };
}

/** The third field after the name, which stands in parentheses and may hold anything. Null: it has just ended. */
function groupOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return null;
    throw error;
  }
}
