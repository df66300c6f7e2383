// The Debian package of a program of ours, with the Node.js that runs it.
import { copyrightFile } from './copyright.mjs';
import { debianChangelogOf, documentsOf, holderOf, packDeb } from './deb.mjs';
import { librariesIn } from './libraries.mjs';
import { overrides } from './lintian-overrides.mjs';
import { copyRuntime, runtimeDepends } from './node-runtime.mjs';
import { sbom } from './sbom.mjs';

/**
 * Builds a package.
 * @param {import('./contents.mjs').Package} what
 * @param {{out: string, changes: Buffer, origin: {version: string, epoch: number, maintainer: string}, runtime: object}} from
 * @returns {Promise<string>} its file
 */
export function buildProgramDeb(what, from) {
  const { name } = what;
  const { origin, runtime } = from;
  const { version, epoch } = origin;
  const { architecture } = runtime;
  const depends = [...runtimeDepends, ...what.depends];
  return packDeb({ ...what, architecture, depends, section: 'net' }, from, async (tree) => {
    const node = `usr/lib/${name}/node`;
    const metafiles = [];
    const bundles = [];
    for (const each of [{ program: what.program, bundle: what.bundle, flags: what.flags }, ...(what.also ?? [])]) {
      const bundle = `usr/lib/${name}/${each.program}.mjs`;
      metafiles.push(await tree.make(bundle, 0o644, each.bundle));
      tree.write(bundle, withoutInterpreter(tree.read(bundle).toString()));
      const command = [`/${node}`, ...(each.flags ?? []), `/${bundle}`].join(' ');
      tree.write(`usr/bin/${each.program}`, `#!/bin/sh\nexec ${command} "$@"\n`, 0o755);
      bundles.push(bundle);
    }
    const libraries = librariesIn(...metafiles);
    await tree.make(node, 0o755, (file) => copyRuntime(runtime, file));
    what.rest(tree, { epoch, version });
    const doc = documentsOf(what);
    tree.write(`${doc}/copyright`, copyrightFile({ bundles, node, libraries, runtime, holder: holderOf(origin) }));
    const made = { name, version, libraries, node: runtime.version, architecture, epoch };
    tree.write(`${doc}/sbom.cdx.json`, sbom(made));
    tree.write(`usr/share/lintian/overrides/${name}`, overrides({ name, node, changelog: debianChangelogOf(what) }));
  });
}

/** A first line that names the distribution's Node.js would have the wrong one run it. */
const withoutInterpreter = (script) => script.replace(/^#!.*\n/, '');
