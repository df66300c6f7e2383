import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Packages with a program in them, and the Node.js that runs it. */
export const programs = ['taas-agent', 'taas-cli', 'taas-server'] as const;
export type ProgramPackage = (typeof programs)[number];
/** Of Neutron's service driver. */
export const driver = 'python3-networking-vpp-taas';
/** Of Horizon's panel. */
export const panel = 'python3-networking-vpp-taas-dashboard';
export const names = [...programs, driver, panel] as const;
export type PackageName = (typeof names)[number];

/** The file of a package in a folder of packages. */
export function debOf(folder: string, name: PackageName): string {
  const [file, ...more] = readdirSync(folder).filter((each) => each.startsWith(`${name}_`));
  if (file === undefined || more.length > 0) throw new Error(`${folder} has ${more.length + 1} packages ${name}`);
  return join(folder, file);
}

/** A field of a package. */
export const field = (deb: string, name: string): string => run('dpkg-deb', ['-f', deb, name]).trim();

export interface Entry {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  /** UTC. */
  readonly time: string;
}

/** What a package puts on a machine: files, and folders with a slash behind them. */
export function entriesOf(deb: string): Entry[] {
  const lines = run('dpkg-deb', ['-c', deb], { TZ: 'UTC' }).trim().split('\n');
  return lines.map((line) => {
    const [mode = '', owner = '', , date, hour, path = ''] = line.split(/\s+/);
    return { path: path.slice(1), mode, owner, time: `${date} ${hour}` };
  });
}

/** Unpacks a package below a folder, its own files (`control`, `postinst`, ...) into `DEBIAN`. */
export function unpack(deb: string, to: string): string {
  mkdirSync(to, { recursive: true });
  run('dpkg-deb', ['-R', deb, to]);
  return to;
}

export function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  return execFileSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
}
