import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  debOf,
  driver,
  entriesOf,
  field,
  names,
  type PackageName,
  type ProgramPackage,
  panel,
  programs,
  run,
  unpack,
} from './deb-file.js';

const repository = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
const modules = '/usr/lib/python3/dist-packages';
/** Python packages, with their folders in `deploy`. */
const pythons = { [driver]: 'neutron-driver/networking_vpp_taas', [panel]: 'horizon/networking_vpp_taas_dashboard' };
type PythonPackage = keyof typeof pythons;
const source = (name: PythonPackage): string => join(repository, 'deploy', pythons[name]);
// Tests that run the sources leave Python's `__pycache__` there.
const sources = (name: PythonPackage): string[] =>
  readdirSync(source(name), { recursive: true, encoding: 'utf8' }).filter((each) => /\.(py|html)$/.test(each));
const python = (name: PythonPackage): string[] => [
  ...papers(name),
  ...sources(name).map((each) => `-rw-r--r-- ${modules}/${basename(source(name))}/${each}`),
  `-rw-r--r-- ${modules}/${basename(source(name))}-0.1.0.dist-info/METADATA`,
];
const folder = inject('packages');
const deb = (name: PackageName): string => debOf(folder, name);
let unpacked: string;
const file = (name: PackageName, path: string): Buffer => readFileSync(join(unpacked, name, path));

beforeAll(async () => {
  unpacked = await mkdtemp(join(tmpdir(), 'taas-unpacked-'));
  for (const name of names) unpack(deb(name), join(unpacked, name));
});
afterAll(() => rmSync(unpacked, { recursive: true }));

/** Everything that is installed; a name in it that is not meant to be there is as wrong as one that is missing. */
const papers = (name: PackageName, ...more: string[]) => [
  ...['changelog.Debian.gz', 'changelog.gz', 'copyright', ...more].map(
    (each) => `-rw-r--r-- /usr/share/doc/${name}/${each}`,
  ),
  `-rw-r--r-- /usr/share/lintian/overrides/${name}`,
];
const common = (name: ProgramPackage, program: string) => [
  `-rwxr-xr-x /usr/bin/${program}`,
  `-rwxr-xr-x /usr/lib/${name}/node`,
  `-rw-r--r-- /usr/lib/${name}/${program}.mjs`,
  ...papers(name, 'sbom.cdx.json'),
];
const service = (name: ProgramPackage) => [
  ...common(name, name),
  `-rw-r--r-- /etc/taas/${name}.yaml`,
  `-rw-r--r-- /usr/lib/systemd/system/${name}.service`,
  `-rw-r--r-- /usr/lib/sysusers.d/${name}.conf`,
  `-rw-r--r-- /usr/share/man/man8/${name}.8.gz`,
];
const expected: Readonly<Record<PackageName, readonly string[]>> = {
  'taas-agent': service('taas-agent'),
  'taas-server': [
    ...service('taas-server'),
    '-rwxr-xr-x /usr/bin/taas-migrate',
    '-rw-r--r-- /usr/lib/taas-server/taas-migrate.mjs',
    '-rw-r--r-- /usr/share/man/man8/taas-migrate.8.gz',
    '-rwxr-xr-x /usr/share/taas-server/etcd-roles.sh',
    '-rw-r--r-- /usr/share/taas-server/grafana/taas.json',
    '-rw-r--r-- /usr/share/taas-server/prometheus/taas.rules.yml',
  ],
  'taas-cli': [
    ...common('taas-cli', 'taas'),
    '-rw-r--r-- /usr/share/bash-completion/completions/taas',
    '-rw-r--r-- /usr/share/fish/vendor_completions.d/taas.fish',
    '-rw-r--r-- /usr/share/man/man1/taas.1.gz',
    '-rw-r--r-- /usr/share/zsh/vendor-completions/_taas',
  ],
  [driver]: python(driver),
  [panel]: [...python(panel), `-rw-r--r-- ${modules}/openstack_dashboard/enabled/_1520_project_taps_panel.py`],
};

describe.each(names)('%s', (name) => {
  it('has these files, with these modes, of root, and all of one time', () => {
    const entries = entriesOf(deb(name));
    const files = entries.filter(({ path }) => !path.endsWith('/'));
    expect(files.map(({ mode, path }) => `${mode} ${path}`).sort()).toEqual([...expected[name]].sort());
    const folders = entries.filter(({ path }) => path.endsWith('/'));
    expect(new Set(folders.map(({ mode }) => mode))).toEqual(new Set(['drwxr-xr-x']));
    expect(new Set(entries.map(({ owner }) => owner))).toEqual(new Set(['root/root']));
    expect(new Set(entries.map(({ time }) => time)).size).toBe(1);
  });

  it('is named as Debian does it', () => {
    const [version, architecture] = [field(deb(name), 'Version'), field(deb(name), 'Architecture')];
    expect(basename(deb(name))).toBe(`${name}_${version}_${architecture}.deb`);
    expect(run('dpkg', ['--validate-version', version])).toBe('');
  });

  it('has sums of all files, and what an administrator may change as conffiles', () => {
    const all = entriesOf(deb(name)).map(({ path }) => path);
    const conffiles = all.filter((path) => path.startsWith('/etc/') && !path.endsWith('/'));
    if (conffiles.length > 0) expect(file(name, 'DEBIAN/conffiles').toString()).toBe(`${conffiles.join('\n')}\n`);
    const summed = file(name, 'DEBIAN/md5sums').toString().trim().split('\n');
    const rest = all.filter((path) => !path.endsWith('/') && !conffiles.includes(path));
    expect(summed.map((line) => `/${line.slice(34)}`).sort()).toEqual(rest.sort());
    const checked = run('sh', ['-c', 'cd "$1" && md5sum --quiet --check DEBIAN/md5sums', 'sh', join(unpacked, name)]);
    expect(checked).toBe('');
  });

  it('is the same, byte for byte, when it is built again', () => {
    const again = debOf(inject('packagesAgain'), name);
    expect(basename(again)).toBe(basename(deb(name)));
    // Not toEqual, which would print megabytes.
    expect(readFileSync(again).equals(readFileSync(deb(name)))).toBe(true);
  });

  it('names no path of the machine that it was built on', () => {
    const paths = [...entriesOf(deb(name)).map(({ path }) => path), '/DEBIAN/control', '/DEBIAN/md5sums'];
    const naming = paths
      .filter((path) => !path.endsWith('/'))
      .filter((path) => {
        const content = path.endsWith('.gz') ? run('zcat', [join(unpacked, name, path)]) : file(name, path);
        return content.includes(repository) || content.includes('taas-package-') || content.includes(folder);
      });
    expect(naming).toEqual([]);
  });
});

describe.each(programs)('%s', (name) => {
  it('is for the architecture of the Node.js in it', () => {
    const architecture = field(deb(name), 'Architecture');
    const elf = run('objdump', ['-f', join(unpacked, name, 'usr/lib', name, 'node')]);
    expect(elf).toContain({ amd64: 'elf64-x86-64', arm64: 'elf64-littleaarch64' }[architecture]);
  });

  it('asks for as new a C and C++ library as the Node.js in it does', () => {
    const symbols = run('objdump', ['-T', join(unpacked, name, 'usr/lib', name, 'node')]);
    const newest = (prefix: string): string => {
      const versions = [...symbols.matchAll(new RegExp(`\\b${prefix}_(\\d+(?:\\.\\d+)+)\\b`, 'g'))].map(
        ([, v]) => v ?? '',
      );
      return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1) ?? '';
    };
    const depends = field(deb(name), 'Depends');
    const [, libc = ''] = /libc6 \(>= ([\d.]+)\)/.exec(depends) ?? [];
    expect(newest('GLIBC').localeCompare(libc, 'en', { numeric: true })).toBeLessThanOrEqual(0);
    // GCC 9's libstdc++ has GLIBCXX_3.4.26 and CXXABI_1.3.12.
    expect(depends).toContain('libstdc++6 (>= 9)');
    expect(newest('GLIBCXX').localeCompare('3.4.26', 'en', { numeric: true })).toBeLessThanOrEqual(0);
    expect(newest('CXXABI').localeCompare('1.3.12', 'en', { numeric: true })).toBeLessThanOrEqual(0);
  });
});

it.each([driver, panel] as const)('%s is for every architecture, and has the modules of the sources', (name) => {
  expect(field(deb(name), 'Architecture')).toBe('all');
  for (const each of sources(name))
    expect(file(name, `${modules}/${basename(source(name))}/${each}`).toString()).toBe(
      readFileSync(join(source(name), each), 'utf8'),
    );
});

describe(driver, () => {
  it('asks for the versions of the plugin that it was seen to work with', () => {
    const depends = field(deb(driver), 'Depends');
    const [, from, below] = /python3-neutron-taas \(>= (\S+)\), python3-neutron-taas \(<< (\S+)\)/.exec(depends) ?? [];
    const isTaken = (version: string) =>
      run('dpkg', ['--compare-versions', version, 'ge', from ?? '']) === '' &&
      spawnSync('dpkg', ['--compare-versions', version, 'lt', below ?? '']).status === 0;
    expect(['10.0.0-1.1', '11.0.0-2', '12.0.0-1'].map(isTaken)).toEqual([true, false, false]);
  });
});
