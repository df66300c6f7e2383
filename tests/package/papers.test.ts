import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { agentConfigSchema } from '@taas/agent';
import { createProgram, RecordingHost } from '@taas/cli/testing';
import { serverConfigSchema } from '@taas/server';
import { optionsOf } from '@taas/service';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { debOf, field, type ProgramPackage, programs, unpack } from './deb-file.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
let unpacked: string;
const path = (name: ProgramPackage, file: string): string => join(unpacked, name, file);
const text = (name: ProgramPackage, file: string): string => {
  const content = readFileSync(path(name, file));
  return (file.endsWith('.gz') ? gunzipSync(content) : content).toString();
};

beforeAll(() => {
  unpacked = mkdtempSync(join(tmpdir(), 'taas-papers-'));
  for (const name of programs) unpack(debOf(inject('packages'), name), join(unpacked, name));
});
afterAll(() => rmSync(unpacked, { recursive: true }));

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly content: string }[];
}
interface Sbom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
}

describe('the list of what is in a package', () => {
  it('names libraries as npm does, with the sums that npm has of them, and the Node.js', () => {
    const asked = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
      ...{ cwd: repository, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] },
    });
    const npm = new Map((JSON.parse(asked) as Sbom).components.map(({ purl, hashes }) => [purl, hashes]));
    for (const name of programs) {
      const { components, metadata } = JSON.parse(text(name, `usr/share/doc/${name}/sbom.cdx.json`)) as Sbom;
      expect(metadata.component).toMatchObject({ name, version: field(debOf(inject('packages'), name), 'Version') });
      const libraries = components.filter(({ purl }) => purl.startsWith('pkg:npm/'));
      for (const { purl, hashes } of libraries) expect([purl, hashes]).toEqual([purl, npm.get(purl) ?? 'npm knows it']);
      expect(libraries.map((each) => each.name)).toContain('yaml');
      const [node, ...more] = components.filter(({ purl }) => !purl.startsWith('pkg:npm/'));
      expect(more).toEqual([]);
      const said = execFileSync(path(name, `usr/lib/${name}/node`), ['--version'], { encoding: 'utf8' });
      expect(said).toBe(`v${node?.version}\n`);
    }
  });

  it('and the licences of all of it are there', () => {
    for (const name of programs) {
      const { components } = JSON.parse(text(name, `usr/share/doc/${name}/sbom.cdx.json`)) as Sbom;
      const copyright = text(name, `usr/share/doc/${name}/copyright`);
      for (const { name: library, version } of components) {
        const licence = `License: ${library.replace('@', '').replace('/', '-')}-${version}\n`;
        const [said = ''] = copyright.split(`\n\n${licence}`).at(1)?.split('\n\n') ?? [];
        const inFull = said.split(/\s+/).length > 60 || said.includes('/usr/share/common-licenses/');
        expect([library, inFull]).toEqual([library, true]);
      }
    }
  });
});

describe('the manual', () => {
  const pages = [
    ['taas-server', 'usr/share/man/man8/taas-server.8.gz'],
    ['taas-agent', 'usr/share/man/man8/taas-agent.8.gz'],
    ['taas-cli', 'usr/share/man/man1/taas.1.gz'],
  ] as const;
  const unescaped = (page: string): string => page.replaceAll('\\-', '-');

  it('has every option of the configurations', () => {
    for (const [name, schema] of [
      ['taas-server', serverConfigSchema],
      ['taas-agent', agentConfigSchema],
    ] as const) {
      const page = unescaped(text(name, `usr/share/man/man8/${name}.8.gz`));
      const missing = optionsOf(schema).filter(
        (option) => !page.includes(`\\fB${option.path}\\fR\n(${option.constraints})`),
      );
      expect(missing).toEqual([]);
    }
  });

  it('has every command and option of taas', () => {
    const page = unescaped(text('taas-cli', 'usr/share/man/man1/taas.1.gz'));
    const program = createProgram(new RecordingHost(), { version: '' });
    for (const command of program.commands.filter(
      (each) => !each.name().startsWith('_') && each.commands.length === 0,
    )) {
      expect(page).toContain(`.SS "taas ${command.name()}`);
      for (const { flags } of command.options) expect(page).toContain(`\\fB${flags}\\fR`);
    }
  });

  it.each(pages)('%s: %s is read by groff without a warning', (name, file) => {
    const page = text(name, file);
    const read = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-rLL=78n'], { input: page, encoding: 'utf8' });
    expect({ status: read.status, said: read.stderr }).toEqual({ status: 0, said: '' });
    // Bold letters are printed over themselves.
    expect(read.stdout.replace(/.[\b]/g, '')).toContain('SYNOPSIS');
  });
});

describe('the completion', () => {
  it.each([
    ['bash', 'usr/share/bash-completion/completions/taas'],
    ['zsh', 'usr/share/zsh/vendor-completions/_taas'],
    ['fish', 'usr/share/fish/vendor_completions.d/taas.fish'],
  ])('of %s is what the packaged command says', (shell, file) => {
    const [node, script] = [path('taas-cli', 'usr/lib/taas-cli/node'), path('taas-cli', 'usr/lib/taas-cli/taas.mjs')];
    expect(text('taas-cli', file)).toBe(execFileSync(node, [script, 'completion', shell], { encoding: 'utf8' }));
  });
});
