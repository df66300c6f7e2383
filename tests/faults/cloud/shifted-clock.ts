import { readdirSync, rmSync, writeFileSync } from 'node:fs';

const folders = ['/usr/lib/x86_64-linux-gnu/faketime', '/usr/lib/aarch64-linux-gnu/faketime', '/usr/lib/faketime'];

/** Debian's libfaketime, which changes what a program sees of the wall clock; undefined if it is not installed. */
export function findFakeTime(): string | undefined {
  for (const folder of folders) {
    try {
      const library = readdirSync(folder).find((name) => /^libfaketimeMT\.so/.test(name));
      if (library !== undefined) return `${folder}/${library}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return undefined;
}

/** The wall clock of one program, which can be put forward and back while it runs. Its monotonic clock stays true. */
export class ShiftedClock {
  constructor(
    private readonly library: string,
    private readonly file: string,
  ) {
    this.shift(0);
  }

  /** Takes effect within about a second. */
  shift(seconds: number): void {
    writeFileSync(this.file, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}s\n`);
  }

  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: this.library,
      FAKETIME_TIMESTAMP_FILE: this.file,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_CACHE_DURATION: '1',
    };
  }
}

/** A program that is killed cannot tidy up after libfaketime, which keeps two files in shared memory for each. */
export function tidyUpAfter(pid: number | undefined): void {
  if (pid === undefined) return;
  for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`]) rmSync(`/dev/shm/${name}`, { force: true });
}
