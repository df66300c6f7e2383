import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Machine } from './machine.js';

export const playbooks = fileURLToPath(new URL('../../../deploy/ansible/', import.meta.url));

export interface Played {
  readonly status: number;
  readonly output: string;
  /** How many tasks have changed something, by host; a host with a failure has NaN. */
  readonly changed: Readonly<Record<string, number>>;
}

/** Variables of hosts, beside how each is reached. */
export type Inventory = Readonly<Record<string, { readonly machine: Machine; readonly vars: object }>>;

/** An inventory and variables in a folder, and playbooks that run with them. */
export class Ansible {
  /** @param groups the hosts of each */
  constructor(
    private readonly folder: string,
    hosts: Inventory,
    groups: Readonly<Record<string, readonly string[]>>,
    vars: object,
  ) {
    mkdirSync(folder, { recursive: true });
    const all = Object.entries(hosts).map(([name, { machine, vars: own }]) => {
      const { debian, enter } = machine;
      const how = {
        ansible_connection: 'community.general.chroot',
        ansible_host: debian.root,
        ansible_chroot_exe: enter,
        ansible_python_interpreter: '/usr/bin/python3',
      };
      return [name, { ...how, ...own }] as const;
    });
    const children = Object.entries(groups).map(
      ([name, members]) => [name, { hosts: Object.fromEntries(members.map((each) => [each, {}])) }] as const,
    );
    const inventory = { all: { hosts: Object.fromEntries(all), children: Object.fromEntries(children), vars } };
    // JSON is YAML.
    writeFileSync(join(folder, 'inventory.yml'), JSON.stringify(inventory, null, 2));
  }

  /** @param more further words of the command line, such as `--check` */
  play(playbook: 'deploy.yml' | 'remove.yml', ...more: string[]): Promise<Played> {
    const args = ['-i', join(this.folder, 'inventory.yml'), join(playbooks, playbook), ...more];
    const env = {
      ...process.env,
      LC_ALL: 'C.UTF-8',
      ANSIBLE_NOCOLOR: '1',
      ANSIBLE_HOME: this.folder,
      ANSIBLE_CONFIG: `${playbooks}ansible.cfg`,
    };
    return new Promise((resolve) => {
      const options = { encoding: 'utf8', env, cwd: this.folder, timeout: 600_000, maxBuffer: 1 << 26 } as const;
      const child = execFile('ansible-playbook', args, options, (error, stdout, stderr) => {
        const output = stdout + stderr;
        const recap = [...output.matchAll(/^(\S+) +: ok=\d+ +changed=(\d+) +unreachable=(\d+) +failed=(\d+)/gm)];
        const changed = recap.map(([, host = '', tasks, lost, failed]) => {
          return [host, lost === '0' && failed === '0' ? Number(tasks) : Number.NaN] as const;
        });
        resolve({ status: error === null ? 0 : (child.exitCode ?? 1), output, changed: Object.fromEntries(changed) });
      });
    });
  }

  /** As {@link play}. @throws Error with its output unless it succeeds */
  async must(playbook: 'deploy.yml' | 'remove.yml', ...more: string[]): Promise<Played> {
    const played = await this.play(playbook, ...more);
    if (played.status !== 0) throw new Error(`${playbook}: exit code ${played.status}: ${played.output.slice(-6_000)}`);
    return played;
  }
}

/** The tasks that have changed something, as `host: task`. */
export function changesOf({ output }: Played): string[] {
  const found: string[] = [];
  let task = '';
  for (const line of output.split('\n')) {
    task = /^(?:TASK|RUNNING HANDLER) \[(?:taas : )?(.*)\] \**$/.exec(line)?.[1] ?? task;
    const host = /^changed: \[([^\] ]+)/.exec(line)?.[1];
    if (host !== undefined) found.push(`${host}: ${task}`);
  }
  return found;
}
