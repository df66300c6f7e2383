// A real Keystone and Neutron until the signal to end, or until standard input ends:
//   node tests/openstack/lab/up.mjs [--with-taas] [--api-workers N] [--network-url URL]
// One line of JSON on standard output when they are ready: addresses, password, ids.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';
import { ensureOpenStack } from '../../../scripts/debian-packages.mjs';

const { values } = parseArgs({
  options: {
    'with-taas': { type: 'boolean', default: false },
    'api-workers': { type: 'string', default: '2' },
    'network-url': { type: 'string' },
  },
});
const packages = await ensureOpenStack();
if (!packages.ready) {
  process.stderr.write(`${packages.why}\n`);
  process.exit(1);
}
const file = fileURLToPath(new URL('./openstack-lab.ts', import.meta.url));
const { module } = await runnerImport(file, { configFile: false, logLevel: 'silent' });
const networkUrl = values['network-url'];
const lab = await module.startOpenStackLab({
  withTaas: values['with-taas'],
  apiWorkers: Number(values['api-workers']),
  ...(networkUrl === undefined ? {} : { networkUrl }),
  say: (line) => process.stderr.write(`${line}\n`),
});
const { directory, keystoneUrl, neutronUrl, password, identity, networks, keystone, neutron } = lab;
const pids = { keystone: keystone.pid, neutron: neutron.pid };
process.stdout.write(
  `${JSON.stringify({ directory, keystoneUrl, neutronUrl, networkUrl: lab.networkUrl, password, ...identity, ...networks, pids })}\n`,
);
await new Promise((resolve) => {
  process.once('SIGTERM', resolve);
  process.once('SIGINT', resolve);
  process.stdin.once('end', resolve).resume();
});
await lab.stop();
process.exit(0);
