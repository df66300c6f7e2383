// Runs a program of tests/ that is TypeScript and not compiled beforehand: vitest's loader runs it, as it runs the tests.
import { join } from 'node:path';
import { ensurePrograms } from './debian-packages.mjs';
import { build, install, root } from './prepare.mjs';

/**
 * Installs and compiles what is missing, then runs the program with this command's arguments, and ends with its exit code.
 * @param {string} file the module, below the repository
 * @param {string} main the name of the function there: (args, print) => Promise<exit code>
 */
export async function runTypescript(file, main) {
  const args = process.argv.slice(2);
  install();
  build();
  if (!args.includes('--help') && !(await ensurePrograms())) process.exit(1);
  // Each of the many programs of a cloud is killed when this one ends, by a listener of its own.
  process.setMaxListeners(100);
  const loader = await typescriptLoader();
  const loaded = await loader.ssrLoadModule(join(root, file));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  let code = 1;
  try {
    code = await loaded[main](args, (line) => process.stdout.write(`${line}\n`));
  } catch (error) {
    process.stderr.write(`${error.stack ?? error}\n`);
  }
  await loader.close();
  process.exit(code);
}

/** @returns vitest's loader: `ssrLoadModule` runs TypeScript of this repository, and packages by their sources */
export async function typescriptLoader() {
  const { createViteServer } = await import('vitest/node');
  return createViteServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
    resolve: { conditions: ['source'] },
    ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  });
}
