// The Debian package of the service driver of Neutron's plugin: Python modules, for whichever Python the machine has.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../prepare.mjs';
import { oursAlone } from './copyright.mjs';
import { debianChangelogOf, documentsOf, holderOf, packDeb } from './deb.mjs';
import { overrides } from './lintian-overrides.mjs';

const driver = {
  name: 'python3-networking-vpp-taas',
  architecture: 'all',
  section: 'python',
  // The plugin's versions that the driver was seen to work with: later ones ask drivers for tap mirrors as well, and do not load it.
  depends: [
    'python3:any (>= 3.9)',
    ...['python3-keystoneauth1', 'python3-neutron', 'python3-neutron-lib'],
    'python3-neutron-taas (>= 10), python3-neutron-taas (<< 11~)',
    ...['python3-oslo.config', 'python3-oslo.log'],
  ],
  fields: { Suggests: 'taas-server' },
  summary: "Tap-as-a-Service for OpenStack networking-vpp: Neutron's service driver",
  about: [
    "For clouds that keep Neutron's own Tap-as-a-Service API: Neutron's tap-as-a-service plugin takes tap services and tap flows, and this driver has taas-server carry them out. Ids are Neutron's, and statuses come back into its database.",
    'An installation changes nothing of Neutron: its configuration says whether the driver is used.',
  ],
};

const module = 'networking_vpp_taas';
const modules = 'usr/lib/python3/dist-packages';
const ours = (path) => readFileSync(join(root, path), 'utf8');

/**
 * Builds the package.
 * @param {{out: string, changes: Buffer, origin: {version: string, epoch: number, maintainer: string}}} from as of {@link packDeb}
 * @returns {Promise<string>} its file
 */
export function buildNeutronDriverDeb(from) {
  return packDeb(driver, from, (tree) => {
    const source = `deploy/neutron-driver/${module}`;
    const files = readdirSync(join(root, source)).filter((file) => file.endsWith('.py'));
    for (const file of files) tree.write(`${modules}/${module}/${file}`, ours(`${source}/${file}`));
    const project = ours('deploy/neutron-driver/pyproject.toml');
    const [version, summary] = ['version', 'description'].map((key) => textOf(project, key));
    tree.write(
      `${modules}/${module}-${version}.dist-info/METADATA`,
      `Metadata-Version: 2.1\nName: networking-vpp-taas\nVersion: ${version}\nSummary: ${summary}\nLicense: Apache-2.0\n`,
    );
    tree.write(`${documentsOf(driver)}/copyright`, oursAlone(holderOf(from.origin)));
    tree.write(
      `usr/share/lintian/overrides/${driver.name}`,
      overrides({ name: driver.name, changelog: debianChangelogOf(driver) }),
    );
    for (const script of ['postinst', 'prerm'])
      tree.write(
        `DEBIAN/${script}`,
        ours(`deploy/debian/python.${script}`).replaceAll('@PACKAGE@', driver.name),
        0o755,
      );
  });
}

/** A text of the section `project`, which is the only one that has it. */
function textOf(toml, key) {
  const [, value] = new RegExp(`^${key} = "(.+)"$`, 'm').exec(toml) ?? [];
  if (value === undefined) throw new Error(`deploy/neutron-driver/pyproject.toml has no ${key}`);
  return value;
}
