// `npm run package`: Debian packages of the server, the agent, the command, Neutron's driver and Horizon's panel.
import { mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, install, root } from './prepare.mjs';

const help = `npm run package [-- --out DIR] [--images]
Makes Debian packages: taas-server, taas-agent and taas-cli for this machine's architecture, which bring the Node.js that makes them,
python3-networking-vpp-taas, the driver with which Neutron keeps the API, and python3-networking-vpp-taas-dashboard, Horizon's panel.

  --out DIR   the folder for them, made if it is missing; default: package-out
  --images    also makes an OCI image of each program, with the libraries of this machine that its Node.js needs

Needs git, dpkg-deb, and strip and objdump (Debian: apt-get install binutils), and no root. The same commit gives the same bytes.
SOURCE_DATE_EPOCH (seconds) is the time of all files, else that of the commit; DEBFULLNAME and DEBEMAIL are the maintainer, else the
commit's author.`;

const { values } = parseArgs({
  options: { out: { type: 'string' }, images: { type: 'boolean', default: false }, help: { type: 'boolean' } },
});
if (values.help) {
  process.stdout.write(`${help}\n`);
  process.exit(0);
}

install();
build();
const { buildPackages } = await import('./package/build-packages.mjs');
const out = resolve(values.out ?? join(root, 'package-out'));
mkdirSync(out, { recursive: true });
try {
  for (const file of await buildPackages(out, { images: values.images }))
    process.stdout.write(`${file} ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
