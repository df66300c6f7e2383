// One file with everything in it: dist/taas.mjs, which needs Node.js and nothing else. `npm run bundle`.
import { chmodSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Modules of ours do nothing when they are loaded: what nobody uses of them is left out, and the libraries behind it. */
const withoutSideEffects = {
  name: 'without side effects',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^(@taas\/|\.\.?\/)/ }, async ({ path, kind, resolveDir, pluginData, importer }) => {
      if (pluginData === 'resolved' || kind === 'entry-point' || importer.includes('node_modules/commander')) return;
      const found = await resolve(path, { kind, resolveDir, importer, pluginData: 'resolved' });
      return { ...found, sideEffects: false };
    });
  },
};

/** What stands for the library: a description may be made, and a checker; one that is asked to check throws. */
const schemas = {
  typebox: `
    const inert = new Proxy(function () {}, {
      get: (_, name) => (typeof name === 'symbol' ? undefined : inert),
      apply: () => inert,
    });
    export default inert;`,
  'typebox/compile': `
    const refuse = () => { throw new Error('the bundle checks no schemas'); };
    export const Compile = () => ({ Check: refuse, Errors: refuse });`,
  'typebox/value': `
    const refuse = () => { throw new Error('the bundle checks no schemas'); };
    export const Value = { Check: refuse, Errors: refuse, Default: refuse };`,
};

/**
 * The command checks no record, but imports names from files that describe records: a stand-in for the library of schemas, a third of
 * the file, which would be read at every start.
 */
const withoutSchemas = {
  name: 'without schemas',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^typebox(\/|$)/ }, ({ path }) => ({ path, namespace: 'schemas' }));
    onLoad({ filter: /.*/, namespace: 'schemas' }, ({ path }) =>
      schemas[path] === undefined ? undefined : { contents: schemas[path] },
    );
  },
};

/** @returns {Promise<object>} esbuild's description of what is in it */
export async function bundleTaas(outfile) {
  const { metafile } = await build({
    absWorkingDir: at('../..'),
    entryPoints: [at('src/taas.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    conditions: ['source'],
    minify: true,
    metafile: true,
    legalComments: 'inline',
    banner: {
      js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    plugins: [withoutSchemas, withoutSideEffects],
    logLevel: 'warning',
  });
  chmodSync(outfile, 0o755);
  return metafile;
}

if (argv[1] === fileURLToPath(import.meta.url)) await bundleTaas(at('dist/taas.mjs'));
