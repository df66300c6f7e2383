// The page as one module, dist/files.js, which the server imports: a page and a server of two releases never meet, and a package of
// the server has the page in it without knowing.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import process, { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** @returns {Promise<object>} esbuild's description of what is in the script */
export async function bundleDashboard() {
  const { metafile, outputFiles } = await build({
    absWorkingDir: at('../..'),
    entryPoints: [at('src/main.tsx')],
    outfile: at('dist/app.js'),
    ...{ bundle: true, format: 'esm', target: 'es2022', minify: true, metafile: true, write: false },
    ...{ jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'inline', logLevel: 'warning' },
  });
  const script = outputFiles[0].text;
  const file = (type, text) => ({ type: `${type}; charset=utf-8`, text });
  const files = {
    'index.html': file('text/html', readFileSync(at('page/index.html'), 'utf8')),
    'app.css': file('text/css', readFileSync(at('page/app.css'), 'utf8')),
    'app.js': file('text/javascript', script),
    'icon.svg': file('image/svg+xml', readFileSync(at('page/icon.svg'), 'utf8')),
  };
  mkdirSync(at('dist'), { recursive: true });
  // Whole or not at all: somebody may read it meanwhile.
  const made = at(`dist/files.${process.pid}.js`);
  writeFileSync(made, `export const files = ${JSON.stringify(files)};\n`);
  renameSync(made, at('dist/files.js'));
  return metafile;
}

if (argv[1] === fileURLToPath(import.meta.url)) await bundleDashboard();
