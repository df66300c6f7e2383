// The Debian package of the service driver of Neutron's plugin.
import { buildPythonDeb } from './python-deb.mjs';

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

/**
 * Builds the package.
 * @param {{out: string, changes: Buffer, origin: {version: string, epoch: number, maintainer: string}}} from as of packDeb
 * @returns {Promise<string>} its file
 */
export const buildNeutronDriverDeb = (from) =>
  buildPythonDeb(driver, { folder: 'deploy/neutron-driver', module: 'networking_vpp_taas' }, from);
