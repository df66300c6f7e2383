import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findVpp } from '@taas/lab';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { run } from '../deb-file.js';
import { blocksOf } from './blocks.js';
import { Debian, type Suite } from './debian.js';
import { vppBeside } from './vpp-beside.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${repository}docs/how-to/install.md`, 'utf8');

/** What is another one each time. */
const alike = (text: string): string =>
  text
    .replace(/\b(?!0{8}-)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<id>')
    .replace(/after [\d.]+ s$/gm, 'after N s')
    .replace(/request, id \d+,/g, 'request, id N,')
    .replace(/[ \t\r]+$/gm, '')
    .trim();

const suites: readonly Suite[] = ['bookworm', 'trixie'];
const vpp = findVpp(process.env);
const blocks = blocksOf(page);
let debian: Debian;

afterEach(() => debian?.remove());

function prepare(suite: Suite): void {
  debian = Debian.make(suite);
  run('sh', ['-c', `cp "$0"/*.deb "$1"`, inject('packages'), debian.at('/root')]);
}

/** Runs the blocks of these kinds, and compares what they write with the page. */
async function follow(kinds: readonly string[], first = '', beside?: string): Promise<void> {
  const before = await debian.everything();
  const steps = blocks.filter(({ kind }) => kinds.includes(kind));
  const script = steps.map(({ text }, n) => `echo '@@ ${n}'\n${text}`).join('\n');
  const { status, output } = await debian.run(`set -eo pipefail\n${first}\n${script}`, beside);
  const written = output.split(/^@@ \d+\n/m).slice(1);
  const failed = status === 0 ? undefined : (written.at(-1) ?? output);
  expect({ status, failed }).toEqual({ status: 0, failed: undefined });
  for (const [n, { text, output: shown }] of steps.entries())
    expect({ text, said: alike(written[n] ?? '') }).toEqual({ text, said: alike(shown) });
  expect(output).toMatch(/flow +web +ACTIVE/);
  expect(await debian.everything()).toEqual(before);
}

describe.each(suites)('docs/how-to/install.md, followed on %s', (suite) => {
  it('with a real VPP leads to an ACTIVE tap and its copies in a file, writes what the page shows, and leaves nothing', async (context) => {
    if ('missing' in vpp) return context.skip(vpp.missing);
    prepare(suite);
    const beside = vppBeside(debian, vpp);
    await follow(['sh', 'sh vpp'], 'until vppctl show version >/dev/null 2>&1; do sleep 0.1; done', beside);
  }, 1_800_000);

  it('with the simulator leads to an ACTIVE tap, writes what the page shows, and leaves nothing', async () => {
    prepare(suite);
    // The block that says how the simulator is started, but for where its socket is.
    const [words = ''] = blocks.filter(({ kind }) => kind === 'sh simulator').map(({ text }) => text);
    const script = words.replace('/run/vpp/api.sock', debian.at('/run/vpp/api.sock'));
    const simulator = spawn('sh', ['-c', `exec node ${script}`], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      if (simulator.stdout === null) throw new Error('the simulator has no output');
      await once(simulator.stdout, 'data');
      // As VPP does it for its group.
      chownSync(debian.at('/run/vpp/api.sock'), 0, debian.group('vpp'));
      chmodSync(debian.at('/run/vpp/api.sock'), 0o770);
      await follow(['sh']);
    } finally {
      simulator.kill();
    }
  }, 1_800_000);
});
