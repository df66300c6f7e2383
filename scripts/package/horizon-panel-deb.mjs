// The Debian package of Horizon's panel.
import { buildPythonDeb } from './python-deb.mjs';

const panel = {
  name: 'python3-networking-vpp-taas-dashboard',
  architecture: 'all',
  section: 'python',
  // The Horizon that it was seen to work with, or a later one.
  depends: [
    'python3:any (>= 3.9)',
    ...['openstack-dashboard (>= 3:23)', 'python3-django', 'python3-django-horizon', 'python3-keystoneauth1'],
  ],
  fields: { Suggests: 'taas-server' },
  summary: "Tap-as-a-Service for OpenStack networking-vpp: Horizon's panel",
  about: [
    'Project, Network, Taps: tap services, tap flows and tap mirrors of a project, with their status and why it is so; they are created, renamed and deleted there. The panel asks the network endpoint of the catalog with the token of whoever looks, and is not there where that endpoint has no Tap-as-a-Service.',
    'It is there when the web server of Horizon is restarted.',
  ],
};

/** Beside Horizon's own: `local/enabled`, which belongs to no package, goes with the last plugin in it, and Horizon does not start then. */
const enabled = '_1520_project_taps_panel.py';

/**
 * Builds the package.
 * @param {{out: string, changes: Buffer, origin: {version: string, epoch: number, maintainer: string}}} from as of packDeb
 * @returns {Promise<string>} its file
 */
export const buildHorizonPanelDeb = (from) =>
  buildPythonDeb(
    panel,
    {
      folder: 'deploy/horizon',
      module: 'networking_vpp_taas_dashboard',
      more: { [`usr/lib/python3/dist-packages/openstack_dashboard/enabled/${enabled}`]: `enabled/${enabled}` },
    },
    from,
  );
