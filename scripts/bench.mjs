// `npm run bench`: installs and compiles what is missing, then runs the benchmarks with the same arguments.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensurePrograms } from './debian-packages.mjs';
import { build, install, root } from './prepare.mjs';

const args = process.argv.slice(2);
install();
build();
if (!args.includes('--help') && !(await ensurePrograms())) process.exit(1);
if (!args.includes('--help')) {
  const { bundleProgram } = await import('./package/bundle-program.mjs');
  for (const name of ['server', 'agent'])
    await bundleProgram(`packages/${name}/bin/taas-${name}.js`, join(root, `packages/${name}/dist/taas-${name}.mjs`));
}
const bench = spawn(process.execPath, [join(root, 'packages/lab/bin/taas-bench.js'), ...args], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => bench.kill(signal));
bench.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
