import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { run } from '../deb-file.js';
import { blocksOf } from './blocks.js';
import { Debian, type Suite } from './debian.js';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${repository}docs/how-to/install.md`, 'utf8');

/** What is another one each time. */
const alike = (text: string): string =>
  text
    .replace(/\b(?!0{8}-)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<id>')
    .replace(/after [\d.]+ s$/gm, 'after N s')
    .replace(/[ \t]+$/gm, '')
    .trim();

describe.each<Suite>(['bookworm', 'trixie'])('docs/how-to/install.md, followed on %s', (suite) => {
  let debian: Debian;
  let simulator: ReturnType<typeof spawn> | undefined;
  const blocks = blocksOf(page);

  beforeAll(async () => {
    debian = Debian.make(suite);
    run('sh', ['-c', `cp "$0"/*.deb "$1"`, inject('packages'), debian.at('/root')]);
    // The block that says how the simulator is started, but for where its socket is.
    const [words = ''] = blocks.filter(({ kind }) => kind === 'sh simulator').map(({ text }) => text);
    const script = words.replace('/run/vpp/api.sock', debian.at('/run/vpp/api.sock'));
    simulator = spawn('sh', ['-c', `exec node ${script}`], { cwd: repository, stdio: ['ignore', 'pipe', 'inherit'] });
    if (simulator.stdout === null) throw new Error('the simulator has no output');
    await once(simulator.stdout, 'data');
    // As VPP does it for its group.
    chownSync(debian.at('/run/vpp/api.sock'), 0, debian.group('vpp'));
    chmodSync(debian.at('/run/vpp/api.sock'), 0o770);
  }, 1_500_000);
  afterAll(() => {
    simulator?.kill();
    debian?.remove();
  });

  it('leads to an ACTIVE tap, writes what the page shows, and leaves nothing', async () => {
    const before = await debian.everything();
    const steps = blocks.filter(({ kind }) => kind === 'sh');
    const script = steps.map(({ text }, n) => `echo '@@ ${n}'\n${text}`).join('\n');
    const { status, output } = await debian.run(`set -eo pipefail\n${script}`);
    const written = output.split(/^@@ \d+\n/m).slice(1);
    const [failed] = status === 0 ? [] : written.slice(-1);
    expect({ status, failed }).toEqual({ status: 0, failed: undefined });
    for (const [n, { text, output: shown }] of steps.entries())
      expect({ text, said: alike(written[n] ?? '') }).toEqual({ text, said: alike(shown) });
    expect(output).toMatch(/flow +web +ACTIVE/);
    expect(await debian.everything()).toEqual(before);
  });
});
