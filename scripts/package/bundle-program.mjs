// A program and all the libraries that it uses as one file. Names and lines are kept, for stack traces in logs.
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../prepare.mjs';

/** For modules of CommonJS, which ask for Node's own by `require`. */
export const requireBanner =
  "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);";

/**
 * Bundles what is compiled already.
 * @param {string} entry the program's file, below the repository
 * @returns {Promise<object>} esbuild's description of what is in it
 */
export async function bundleProgram(entry, outfile) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    outfile,
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'esm', metafile: true },
    banner: { js: requireBanner },
    logLevel: 'warning',
  });
  return metafile;
}
