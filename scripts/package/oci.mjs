// One OCI image from a Debian package: its program, the libraries that its Node.js needs, and nothing else. No engine is asked: an image is
// a tar file of a layer and three JSON files, named by their sums (https://github.com/opencontainers/image-spec).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';
import { FileTree } from './file-tree.mjs';
import { copyrightsOf, sharedLibrariesOf } from './shared-libraries.mjs';

/** The user in the image: one that no system has, as images without a distribution have it. */
const user = 65_532;

/** What of a package has no use in an image: there is no shell, no systemd and no reader of manuals. */
const useless = /^(usr\/bin|usr\/lib\/systemd|usr\/lib\/sysusers\.d|usr\/share\/(man|lintian)|etc)\//;

/**
 * Builds the image of a package.
 * @param {import('./contents.mjs').Package} what
 * @param {string} deb its file
 * @param {{out: string, origin: {version: string, epoch: number}, runtime: {architecture: string}}} from
 * @returns {Promise<string>} a tar file with an image layout, for `skopeo copy oci-archive:FILE ...` and its like
 */
export async function buildImage(what, deb, { out, origin, runtime }) {
  const folder = mkdtempSync(join(tmpdir(), 'taas-image-'));
  const file = join(out, `${what.name}_${origin.version}_${runtime.architecture}.oci.tar`);
  try {
    const rootfs = new FileTree(join(folder, 'rootfs'));
    fillRootfs(rootfs, what, deb);
    rootfs.settle(origin.epoch);
    const layerFile = join(folder, 'layer.tar');
    await pack(rootfs.folder, layerFile, origin.epoch);
    const layout = new FileTree(join(folder, 'layout'));
    writeLayout(layout, readFileSync(layerFile), imageConfig(what, { origin, runtime }), origin);
    layout.settle(origin.epoch);
    await pack(layout.folder, file, origin.epoch);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fillRootfs(rootfs, what, deb) {
  execFileSync('dpkg-deb', ['-x', deb, rootfs.folder]);
  for (const path of rootfs.files().filter((each) => useless.test(`${each}`))) rmSync(join(rootfs.folder, path));
  const libraries = sharedLibrariesOf(join(rootfs.folder, 'usr/lib', what.name, 'node'));
  for (const path of [...libraries, ...copyrightsOf(libraries)])
    rootfs.make(path.slice(1), libraries.includes(path) ? 0o755 : 0o644, (to) => copyFileSync(path, to));
  rootfs.write('etc/passwd', `root:x:0:0:root:/:/nologin\ntaas:x:${user}:${user}:Tap-as-a-Service:/:/nologin\n`);
  rootfs.write('etc/group', `root:x:0:\ntaas:x:${user}:\n`);
  rootfs.write('etc/nsswitch.conf', 'hosts: files dns\n');
}

function imageConfig(what, { origin, runtime }) {
  const at = (name) => `/usr/lib/${what.name}/${name}`;
  return {
    created: new Date(origin.epoch * 1000).toISOString(),
    architecture: runtime.architecture,
    os: 'linux',
    config: {
      User: `${user}:${user}`,
      Entrypoint: [at('node'), ...what.flags, at(`${what.program}.mjs`)],
      Cmd: what.service ? ['--config', `/etc/taas/${what.name}.yaml`] : ['--help'],
      WorkingDir: '/',
      StopSignal: 'SIGTERM',
      Labels: {
        'org.opencontainers.image.title': what.name,
        'org.opencontainers.image.description': what.summary,
        'org.opencontainers.image.version': origin.version,
        'org.opencontainers.image.licenses': 'Apache-2.0',
      },
    },
  };
}

/** @param {Buffer} layer a tar file */
function writeLayout(layout, layer, config, { version }) {
  const blob = (mediaType, content) => {
    const sum = createHash('sha256').update(content).digest('hex');
    layout.write(`blobs/sha256/${sum}`, content);
    return { mediaType, digest: `sha256:${sum}`, size: content.length };
  };
  const json = (value) => Buffer.from(JSON.stringify(value));
  const type = (name) => `application/vnd.oci.image.${name}`;
  const diff = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
  const manifest = {
    schemaVersion: 2,
    mediaType: type('manifest.v1+json'),
    config: blob(type('config.v1+json'), json({ ...config, rootfs: { type: 'layers', diff_ids: [diff] } })),
    layers: [blob(type('layer.v1.tar+gzip'), gzipSync(layer, { level: 6 }))],
  };
  const described = blob(manifest.mediaType, json(manifest));
  const named = { ...described, annotations: { 'org.opencontainers.image.ref.name': version.replaceAll('+', '_') } };
  layout.write('index.json', json({ schemaVersion: 2, mediaType: type('index.v1+json'), manifests: [named] }));
  layout.write('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
}

/**
 * Entries in the order of their names, of root, and of one time. In this process, because tar(1) fails when the kernel updates
 * the change time of a file that was copied a moment ago.
 */
async function pack(folder, file, epoch) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).sort();
  await create({ file, cwd: folder, portable: true, noDirRecurse: true, mtime: new Date(epoch * 1000) }, paths);
}
