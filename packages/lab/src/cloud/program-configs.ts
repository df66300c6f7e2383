import type { LabSwitch } from '../lab-switch.js';
import { withoutBounds } from '../without-bounds.js';
import { physnet, segmentsFor, tunnelAddress, underlaySubnets } from './cloud-network.js';
import type { AgentOptions, CloudOptions, ServerOptions } from './cloud-options.js';

/** Where a program is to be found, and where it finds the rest. */
export interface ProgramPlace {
  /** Of /readyz on loopback. */
  readonly healthPort: number;
  /** Of etcd; none: the store is in this process. */
  readonly endpoints: readonly string[];
}

/** What the programs are told of etcd: all of a lab is on loopback. */
function common({ healthPort, endpoints }: ProgramPlace): object {
  return {
    health: { host: '127.0.0.1', port: healthPort },
    ...(endpoints.length === 0 ? {} : { etcd: { endpoints, allow_unprotected: true } }),
  };
}

/** @param openstack what the server is told of Keystone and Neutron, if there are any */
export function serverConfig(
  options: CloudOptions,
  place: ProgramPlace & { readonly port: number },
  openstack: object | undefined,
): object {
  const { listen = {}, ...more }: ServerOptions = options.server ?? usualServer;
  return {
    ...common(place),
    listen: { host: '127.0.0.1', port: place.port, ...listen },
    segments: segmentsFor(options),
    ...(openstack ?? withoutOpenStack(options)),
    ...more,
  };
}

function withoutOpenStack({ bindings }: CloudOptions): object {
  return {
    auth: { mode: 'development' },
    networking_vpp: { bindings: bindings === 'etcd-v2' ? 'etcd-v2' : 'etcd-v3' },
    ...withoutBounds,
  };
}

const usualServer: ServerOptions = {
  // A lab has few projects, and some of them much to do.
  project_share: 0.5,
  // Known before any agent has told its address, so that mirrors can be made at once.
  tap_mirrors: { underlay_subnets: [...underlaySubnets] },
};

/** @param place.n which of the cloud's nodes it is, for its address */
export function agentConfig(
  { agent = {}, ip6 }: Pick<CloudOptions, 'agent' | 'ip6'>,
  place: ProgramPlace & { readonly node: string; readonly n: number } & Pick<LabSwitch, 'apiSocket' | 'apiFolders'>,
): object {
  const { vpp = {}, ...more }: AgentOptions = agent;
  return {
    ...common(place),
    node: place.node,
    vpp: { api_socket: place.apiSocket, api_files: place.apiFolders, ...vpp },
    physnets: [{ name: physnet }],
    tunnel_address: tunnelAddress(place.n, ip6).split('/')[0],
    lease_ttl_s: 3,
    ...more,
  };
}
