import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSimulator, type Simulator } from 'vpp-sim';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(repository, 'packages/vpp-api/README.md'), 'utf8');

describe('vpp-api as a library of its own, in an empty project', () => {
  let project: string;
  let simulator: Simulator;
  let listed: string[];

  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'taas-empty-project-'));
    simulator = await createSimulator({ socketPath: join(project, 'api.sock'), name: 'example' });
    const pack = ['pack', '--json', '--pack-destination', project, '--workspace', 'vpp-api'];
    const packed = execFileSync('npm', pack, {
      cwd: repository,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
    listed = files.map(({ path }) => path);
    writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
    // Offline: it brings all that it needs.
    const install = ['install', '--offline', '--no-audit', '--no-fund', join(project, filename)];
    execFileSync('npm', install, { cwd: project, stdio: 'pipe' });
  });
  afterAll(async () => {
    await simulator?.stop();
    rmSync(project, { recursive: true, force: true });
  });

  it('brings code, types and the page, and no test', () => {
    expect(listed).toEqual(expect.arrayContaining(['README.md', 'dist/index.js', 'dist/index.d.ts', 'src/index.ts']));
    expect(listed.filter((path) => /\.test\.|\/testing\/|\.suite\.|tsbuildinfo|^bench/.test(path))).toEqual([]);
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(project, 'node_modules/vpp-api/package.json'), 'utf8'),
    ) as { dependencies?: object };
    expect(dependencies).toEqual({});
  });

  it("runs its page's example, which says what it says on a VPP", async () => {
    const [, example = ''] = /^```js\n(.*?)^```/ms.exec(readme) ?? [];
    writeFileSync(join(project, 'example.js'), example.replace('/run/vpp/api.sock', join(project, 'api.sock')));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['example.js'], { cwd: project });
    expect({ stdout, stderr }).toEqual({
      stdout: expect.stringMatching(/^26\.06-sim\n(.*\n)*\d+ loop0 \n(.*\n)*VNET_API_ERROR_INVALID_SW_IF_INDEX\n$/),
      stderr: '',
    });
  });

  it('has types: a description as on its page compiles, and a field that is not in it does not', () => {
    const [, example = ''] = /^```ts\n(.*?)^```/ms.exec(readme) ?? [];
    const use = (field: string) => `
const vpp = await connect({ socketPath: '/run/vpp/api.sock', clientName: 'example', messages });
const { ${field} } = await vpp.request('l2_flags_get', { sw_if_index: 1 });
export const bits: number = ${field};
`;
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true });
    for (const name of ['@types/node', 'undici-types'])
      symlinkSync(join(repository, 'node_modules', name), join(project, 'node_modules', name));
    // `skipLibCheck` off: the library's own declarations are looked at, too.
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      '--skipLibCheck',
      'false',
    ];
    const compile = (field: string) => {
      writeFileSync(join(project, 'own.ts'), `${example}${use(field)}`);
      const tsc = join(repository, 'node_modules/.bin/tsc');
      const run = spawnSync(tsc, [...options, 'own.ts'], { cwd: project, encoding: 'utf8' });
      return { status: run.status, said: run.stdout };
    };
    expect(compile('input_feature_bitmap')).toEqual({ status: 0, said: '' });
    expect(compile('input_bitmap')).toMatchObject({ said: expect.stringContaining("'input_bitmap' does not exist") });
  });
});
