import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { debOf, programs, unpack } from './deb-file.js';

let unpacked: string;
beforeAll(() => {
  unpacked = mkdtempSync(join(tmpdir(), 'taas-programs-'));
  for (const name of programs) unpack(debOf(inject('packages'), name), join(unpacked, name));
});
afterAll(() => rmSync(unpacked, { recursive: true }));

/** Runs what the command in /usr/bin runs, where it is unpacked; there is nothing on the PATH. */
function start(
  name: (typeof programs)[number],
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const root = join(unpacked, name);
  const script = readFileSync(join(root, 'usr/bin', program), 'utf8');
  const [, command] = /^#!\/bin\/sh\nexec (\/\S+(?: \S+)*) "\$@"\n$/.exec(script) ?? [];
  const [node = '', ...rest] = (command ?? '').split(' ').map((word) => word.replace(/^\//, `${root}/`));
  return spawnSync(node, [...rest, ...args], {
    encoding: 'utf8',
    env: { PATH: '/nonexistent', ...env },
    timeout: 30_000,
  });
}

describe('the packaged programs', () => {
  it.each([
    ['taas-server', 'taas-server', 'taas-server 0.1.0\n'],
    ['taas-agent', 'taas-agent', 'taas-agent 0.1.0\n'],
    ['taas-cli', 'taas', '0.1.0\n'],
  ] as const)('%s: %s starts with its own Node.js', (name, program, version) => {
    expect(start(name, program, ['--version'])).toMatchObject({ status: 0, stdout: version, stderr: '' });
    const help = start(name, program, ['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain(program);
  });

  it.each(['taas-server', 'taas-agent'] as const)(
    '%s refuses the sample configuration, and says what is missing',
    (name) => {
      const sample = join(unpacked, name, 'etc/taas', `${name}.yaml`);
      const { status, stderr, stdout } = start(name, name, ['--config', sample]);
      expect({ status, stderr, stdout }).toMatchObject({ status: 2, stdout: '' });
      // A file that the operator has to put there.
      expect(stderr).toMatch(new RegExp(`^${name}: .*/etc/taas/\\S+.*\n$`));
    },
  );

  // Each command's file is loaded when the command is run, with what the bundle has left out of it.
  it.each([
    'list',
    'show ids',
    'stats ids',
    'trace ids',
    'delete ids --yes',
    'create service --port p',
    'create flow --service s --port p --direction in --filter accept,protocol=tcp',
    'create mirror --port p --type gre --remote-ip 192.0.2.1 --in 1',
  ])('taas %s gets as far as asking an API that is not there', (words) => {
    const env = { OS_AUTH_TYPE: 'none', OS_ENDPOINT: 'http://127.0.0.1:9' };
    const { status, stderr } = start('taas-cli', 'taas', words.split(' '), env);
    expect({ status, stderr }).toEqual({ status: 6, stderr: expect.stringContaining('does not answer: ECONNREFUSED') });
  });

  it('taas says that it has no credentials', () => {
    expect(start('taas-cli', 'taas', ['list'])).toMatchObject({ status: 5, stdout: '' });
  });
});
