import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandResult } from './openstack-cli.js';
import { cleanEnvironment, runTool } from './run-tool.js';

/** Repositories of the newest client and SDK, and of what they need newer than Debian 12 has it; where their modules are. */
const repositories = {
  'python-openstackclient': '',
  openstacksdk: '',
  'osc-lib': '',
  keystoneauth: '',
  'os-service-types': '',
  cliff: '',
  stevedore: '',
  typing_extensions: 'src',
} as const;

const describing = new URL('./describe-sources.py', import.meta.url).pathname;

/** Checkouts of OpenStack's clients as they are developed, run without being installed. */
export class PythonSources {
  private constructor(
    private readonly path: string,
    /** Each with the date of its newest commit. */
    readonly versions: readonly string[],
  ) {}

  /** Why there are none, or null. @param folder has a checkout of each repository, by its name */
  static missing(folder: string | undefined): string | null {
    if (folder === undefined) return 'OPENSTACK_SOURCES names no folder with checkouts of the clients';
    const missing = Object.keys(repositories).filter((name) => !existsSync(join(folder, name, 'pyproject.toml')));
    return missing.length === 0 ? null : `OPENSTACK_SOURCES has no checkout of ${missing.join(', ')}`;
  }

  /** @param directory for what is written of them */
  static async prepare(folder: string, directory: string): Promise<PythonSources> {
    const described = join(directory, 'python-sources');
    mkdirSync(described);
    const checkouts = Object.keys(repositories).map((name) => join(folder, name));
    const said = await runTool('/usr/bin/python3', [describing, described, ...checkouts], directory);
    const modules = Object.entries(repositories).map(([name, under]) => join(folder, name, under));
    return new PythonSources([described, ...modules].join(':'), said.trim().split('\n'));
  }

  /** `openstack` with these arguments. Any exit code is a result. */
  openstack(environment: NodeJS.ProcessEnv, ...argv: string[]): Promise<CommandResult> {
    return this.python(environment, '-m', 'openstackclient.shell', ...argv);
  }

  python(environment: NodeJS.ProcessEnv, ...argv: string[]): Promise<CommandResult> {
    return new Promise((resolve) => {
      const env = { ...cleanEnvironment(), ...environment, PYTHONPATH: this.path };
      execFile('/usr/bin/python3', argv, { env, timeout: 180_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      });
    });
  }
}
