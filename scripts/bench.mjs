// `npm run bench`: installs and compiles what is missing, then runs the benchmarks with the same arguments.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensurePrograms } from './debian-packages.mjs';
import { build, install, root } from './prepare.mjs';

const args = process.argv.slice(2);
install();
build();
if (!args.includes('--help') && !(await ensurePrograms())) process.exit(1);
if (args.some((each) => each.includes('openstack')))
  await (await import('./package/bundle-program.mjs')).bundleProgram(
    'packages/server/bin/taas-server.js',
    join(root, 'packages/server/dist/taas-server.mjs'),
  );
const bench = spawn(process.execPath, [join(root, 'packages/lab/bin/taas-bench.js'), ...args], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => bench.kill(signal));
bench.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
