import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { programs } from './deb-file.js';

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

describe.each(programs)('the OCI image of %s', (name) => {
  let folder: string;
  let image: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'taas-image-test-'));
    const [file = ''] = readdirSync(inject('images')).filter((each) => each.startsWith(`${name}_`));
    image = join(inject('images'), file);
    mkdirSync(join(folder, 'layout'));
    execFileSync('tar', ['-C', join(folder, 'layout'), '-xf', image]);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const json = (path: string): unknown => JSON.parse(readFileSync(join(folder, 'layout', path), 'utf8'));
  /** What a descriptor is of, after its size and sum were compared. */
  const blob = ({ digest, size }: Descriptor): Buffer => {
    const content = readFileSync(join(folder, 'layout/blobs', digest.replace(':', '/')));
    expect([content.length, `sha256:${createHash('sha256').update(content).digest('hex')}`]).toEqual([size, digest]);
    return content;
  };
  const read = () => {
    const { manifests } = json('index.json') as { manifests: [Descriptor] };
    const manifest = JSON.parse(blob(manifests[0]).toString()) as { config: Descriptor; layers: [Descriptor] };
    const config = JSON.parse(blob(manifest.config).toString()) as {
      config: { User: string; Entrypoint: string[]; Cmd: string[] };
      rootfs: { diff_ids: string[] };
    };
    return { ...config, layer: gunzipSync(blob(manifest.layers[0])) };
  };

  it('is a layout in which every sum is right', () => {
    expect(json('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
    const { layer, rootfs } = read();
    expect(rootfs.diff_ids).toEqual([`sha256:${createHash('sha256').update(layer).digest('hex')}`]);
  });

  it.skipIf(process.getuid?.() !== 0)('starts in a root of its own, as its user, who is not root (needs root)', () => {
    const { layer, config } = read();
    expect(config.User).toBe('65532:65532');
    const root = join(folder, 'rootfs');
    mkdirSync(root);
    execFileSync('tar', ['-C', root, '-xf', '-'], { input: layer });
    const start = (...args: string[]) =>
      spawnSync('/usr/sbin/chroot', [`--userspec=${config.User}`, root, ...config.Entrypoint, ...args], {
        ...{ encoding: 'utf8', env: {}, timeout: 30_000 },
      });
    expect(start('--version')).toMatchObject({ status: 0, stdout: expect.stringContaining('0.1.0'), stderr: '' });
    // Without a configuration, a service says so and ends.
    const usual = start(...config.Cmd);
    expect(usual.status).toBe(name === 'taas-cli' ? 0 : 2);
    if (name !== 'taas-cli') expect(usual.stderr).toContain(`/etc/taas/${name}.yaml`);
    // Nothing else that could be run, and nothing that is root's by its mode.
    const programs = {
      'taas-agent': ['taas-agent'],
      'taas-cli': ['taas'],
      'taas-server': ['taas-migrate', 'taas-server'],
    };
    const files = ['node', ...programs[name].map((program) => `${program}.mjs`)];
    expect(readdirSync(join(root, 'usr/lib', name)).sort()).toEqual(files);
    expect(execFileSync('find', [root, '-perm', '/6000'], { encoding: 'utf8' })).toBe('');
    expect(readdirSync(join(root, 'usr')).sort()).toEqual(expect.not.arrayContaining(['bin', 'sbin']));
    expect(statSync(join(root, 'etc/passwd')).mode & 0o777).toBe(0o644);
  });

  it('is the same, byte for byte, when it is built again', () => {
    const again = readdirSync(inject('imagesAgain')).filter((each) => each.startsWith(`${name}_`));
    expect(again.map((each) => readFileSync(join(inject('imagesAgain'), each)).equals(readFileSync(image)))).toEqual([
      true,
    ]);
  });
});
