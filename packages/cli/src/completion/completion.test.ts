import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { taas } from '../testing/recording-host.suite.js';

const complete = async (...words: string[]) =>
  (await taas({}, '__complete', '--', ...words)).out.split('\n').slice(0, -1);

describe('completion', () => {
  it.each<[string, string[]]>([
    [
      '',
      [
        'list',
        'show',
        'create',
        'delete',
        'stats',
        'capture',
        'trace',
        'bundle',
        'completion',
        'doctor',
        'plan',
        'report',
        'renew',
        'extcap',
        'approve',
        'tapped',
      ],
    ],
    ['d', ['delete', 'doctor']],
    ['create ', ['service', 'flow', 'mirror']],
    ['plan create f', ['flow']],
    ['list s', ['services']],
    ['create flow --direction o', ['out']],
    ['create flow --direction=b', ['--direction=both']],
    ['--os-cloud list show --ki', ['--kind']],
    ['list -f y', ['yaml']],
    ['create mirror --t', ['--type', '--timeout']],
    ['completion f', ['fish']],
    ['show some-name --debug --in', ['--insecure']],
  ])('of "taas %s"', async (line, expected) => {
    expect((await complete(...line.split(' '))).sort()).toEqual([...expected].sort());
  });
});

/** A `taas` that says what a shell has asked it, and two candidates. */
const fake = '#!/bin/sh\nprintf "%s|" "$@" >> "$ASKED"\nprintf "list\\nservices\\n"\n';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'taas-completion-'));
  writeFileSync(join(folder, 'taas'), fake);
  chmodSync(join(folder, 'taas'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function inShell(shell: 'bash' | 'zsh' | 'fish', args: readonly string[], then: string, before = '') {
  const { out } = await taas({}, 'completion', shell);
  const asked = join(folder, `asked-${shell}`);
  writeFileSync(asked, '');
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, ASKED: asked, HOME: folder, ZDOTDIR: folder };
  const script = join(folder, `script-${shell}`);
  writeFileSync(script, `${before}\n${out}\n${then}\ncat "$ASKED"\n`);
  const ran = spawnSync(shell, [...args, script], { env, encoding: 'utf8', timeout: 15_000 });
  expect(ran.stderr).toBe('');
  return ran.stdout;
}
const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

describe('the script for', () => {
  it('bash asks the command and offers its answers, behind = too', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
    const show = '_taas; echo "${COMPREPLY[*]}"';
    const call = `COMP_WORDS=(taas create flow --direction = b); COMP_CWORD=5; ${show}`;
    const stdout = await inShell('bash', ['--norc'], `COMP_WORDS=(taas list ""); COMP_CWORD=2; ${show}; ${call}`);
    expect(stdout).toContain('list services');
    expect(stdout).toContain('__complete|--|list||');
    expect(stdout).toContain('__complete|--|create|flow|--direction=b|');
  });

  it.skipIf(!isThere('zsh'))('zsh is read without a complaint (where there is a zsh)', async () => {
    const mock = 'compadd() { shift 2; echo "$@"; }; words=(taas list ""); CURRENT=3; _taas';
    expect(await inShell('zsh', ['-f'], mock, 'compdef() { :; }')).toContain('list services');
  });

  it.skipIf(!isThere('fish'))('fish is read without a complaint (where there is a fish)', async () => {
    expect(await inShell('fish', ['--no-config'], 'complete -C "taas li"')).toContain('list');
  });
});
